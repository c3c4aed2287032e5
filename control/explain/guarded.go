// SPDX-License-Identifier: Apache-2.0

package explain

import "github.com/linkspan/linkspan/control/decide"

// The messages of neighbour discovery (RFC 4861, 4).
const routerSolicit, redirect = 133, 137

// guarded says whether the guard of the first end's port drops the packets of a question,
// whatever policies say: nobody may tell another where neighbours are.
func guarded(q *Question) bool {
	return q.Protocol == decide.ProtocolICMPv6 && q.Port >= routerSolicit && q.Port <= redirect
}

// dropped is the Answer to those.
func dropped() Answer {
	const why = "the switch hands messages of neighbour discovery to nobody: it answers those that it should itself"
	return Answer{Verdict: Denied, Rule: ByWay, Reason: why, Steps: []Step{{ByWay, Denied.String(), why}}}
}
