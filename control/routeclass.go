// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// addClass adds a flow of a class to its route. What passes two chassis counts where it
// leaves.
func addClass(r *linkspan.Route, f *found) {
	c := linkspan.RouteClass{From: f.Plugged.From, To: f.Plugged.To, Ports: portsOf(f.Class), Policy: f.Policy}
	reply := f.Part == pipeline.Replies
	if reply {
		c.From, c.To = c.To, c.From
	}
	i := slices.IndexFunc(r.Classes, func(o linkspan.RouteClass) bool { return o.From == c.From && o.Ports == c.Ports })
	if i < 0 {
		i = len(r.Classes)
		r.Classes = append(r.Classes, c)
	}
	switch to := &r.Classes[i]; {
	case f.Arrives:
	case reply:
		to.ReplyPackets, to.ReplyBytes = to.ReplyPackets+f.Packets, to.ReplyBytes+f.Bytes
	default:
		to.Packets, to.Bytes = to.Packets+f.Packets, to.Bytes+f.Bytes
	}
}

// portsOf writes a class as a policy would.
func portsOf(c decide.Class) linkspan.PolicyPorts {
	if c.Protocol != 0 && c.Bits == 0 {
		return linkspan.WholeProtocol(c.Protocol)
	}
	return linkspan.PolicyPorts{Protocol: c.Protocol, First: c.Port, Last: c.Last()}
}

func compareClasses(a, b linkspan.RouteClass) int {
	return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Ports.Protocol, b.Ports.Protocol), cmp.Compare(a.Ports.First, b.Ports.First))
}

// Between decides in v about what one attached endpoint sends to another: how a route
// between the two is judged.
func (h *Hub) Between(v *view.View, from, to *linkspan.Endpoint) decide.Decision {
	return h.between(v, from.Chassis, from, to)
}

// Beyond decides in v about what an attached endpoint sends to an address outside of all
// networks, or gets from there: how a route out of all networks is judged.
func (h *Hub) Beyond(v *view.View, e *linkspan.Endpoint, a netip.Addr, comes bool) decide.Decision {
	return h.beyond(v, e.Chassis, e, a, comes)
}
