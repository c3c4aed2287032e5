// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// freshTTL is the time to live of a packet that has not been anywhere.
const freshTTL = 64

// Between decides about a packet that one attached endpoint sends to another's
// address: how a route between the two would be judged. The verdict is Allow only if
// it is the other who is found there. Of a pair whose packets have not all one verdict
// the decision is Tracked, of no class, and the verdict Allow: Rules say more. Between
// addresses of two families nothing passes.
func Between(v *view.View, from, to *linkspan.Endpoint) Decision {
	return (*Memo)(nil).Between(v, from, to)
}

// Between is the function Between of who asks often; m may be nil.
func (m *Memo) Between(v *view.View, from, to *linkspan.Endpoint) Decision {
	p := Packet{
		pair:    true,
		Chassis: from.Chassis, Port: from.Port, Network: from.Network,
		Source: from.Address, Destination: to.Address, TTL: freshTTL,
	}
	var d Decision
	if from.Address.Is4() != to.Address.Is4() {
		d.settle(Deny, OutsideDestination)
		return d
	}
	m.Decide(v, &p, &d)
	if d.Verdict == Allow && d.Destination != to {
		d.whole()
		d.Verdict, d.Reason = Deny, AmbiguousDestination
	}
	return d
}
