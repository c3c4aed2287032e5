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
// it is the other who is found there.
func Between(v *view.View, from, to *linkspan.Endpoint) Decision {
	p := Packet{
		Chassis: from.Chassis, Port: from.Port, Network: from.Network,
		Source: from.Address, Destination: to.Address, TTL: freshTTL,
	}
	var d Decision
	Decide(v, &p, &d)
	if d.Verdict == Allow && d.Destination != to {
		d.Verdict, d.Reason = Deny, AmbiguousDestination
	}
	return d
}
