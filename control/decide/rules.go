// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"iter"
	"math"
	"slices"

	"github.com/linkspan/linkspan"
)

// Rules is what policies say of all packets from one party to another, taken
// apart by protocol and port. It is never changed.
type Rules struct {
	parts   []Part // by protocol, then port; those of a protocol are all of it
	rest    Part   // of the protocols that have no part
	uniform linkspan.PolicyAction
	several bool // not one and the same decides about all packets
	unsure  bool // what is not known yet of a party may make it otherwise
}

// Part is some ports of a protocol of which all packets have the same verdict for
// the same reason.
type Part struct {
	Protocol    uint8
	First, Last uint16
	Action      linkspan.PolicyAction
	Policy      *linkspan.Policy // that decides; nil: none does, but what follows in the order
}

// NewRules makes Rules of the policies that concern the two parties, in the order
// in which they are asked, and of what becomes of a packet of which none speaks.
func NewRules(concerned []*linkspan.Policy, otherwise linkspan.PolicyAction) *Rules {
	r := &Rules{rest: Part{Last: math.MaxUint16, Action: otherwise}}
	for i, p := range concerned {
		if len(p.Ports) == 0 {
			r.rest.Action, r.rest.Policy = p.Action, p
			concerned = concerned[:i] // who comes later is never asked
			break
		}
	}
	var protocols []painted
	for _, p := range concerned {
		for _, ports := range p.Ports {
			i, there := slices.BinarySearchFunc(protocols, ports.Protocol, painted.compare)
			if !there {
				protocols = slices.Insert(protocols, i, painted{protocol: ports.Protocol})
			}
			protocols[i].parts = paint(protocols[i].parts, Part{
				ports.Protocol, ports.First, min(ports.Last, lastPort(ports.Protocol)), p.Action, p,
			})
		}
	}
	for _, of := range protocols {
		whole := r.rest
		whole.Protocol, whole.Last = of.protocol, lastPort(of.protocol)
		r.parts = append(r.parts, joined(paint(of.parts, whole))...)
	}
	r.uniform = r.one()
	r.several = slices.ContainsFunc(r.parts, func(p Part) bool { return p.Policy != r.rest.Policy })
	return r
}

// size returns roughly how many bytes they hold.
func (r *Rules) size() int {
	const rules, part = 64, 16
	return rules + part*cap(r.parts)
}

// painted is the parts of a protocol.
type painted struct {
	protocol uint8
	parts    []Part
}

func (p painted) compare(protocol uint8) int { return int(p.protocol) - int(protocol) }

// lastPort returns the greatest port, or ICMP type, of a protocol.
func lastPort(protocol uint8) uint16 {
	switch {
	case linkspan.Ported(protocol):
		return math.MaxUint16
	case linkspan.Typed(protocol):
		return math.MaxUint8
	}
	return 0
}

// paint puts n where no part is yet. Parts are in order of their ports.
func paint(parts []Part, n Part) []Part {
	next, last := int(n.First), int(n.Last)
	i, _ := slices.BinarySearchFunc(parts, next, func(p Part, port int) int { return int(p.Last) - port })
	for next <= last {
		if i == len(parts) || int(parts[i].First) > last {
			n.First, n.Last = uint16(next), uint16(last)
			return slices.Insert(parts, i, n)
		}
		if end := int(parts[i].First) - 1; next <= end {
			n.First, n.Last = uint16(next), uint16(end)
			parts = slices.Insert(parts, i, n)
			i++
		}
		next = int(parts[i].Last) + 1
		i++
	}
	return parts
}

// joined makes one part of neighbours that are decided in the same way.
func joined(parts []Part) []Part {
	out := parts[:1]
	for _, p := range parts[1:] {
		last := &out[len(out)-1]
		if last.Action == p.Action && last.Policy == p.Policy {
			last.Last = p.Last
			continue
		}
		out = append(out, p)
	}
	return out
}

// one returns the verdict that all packets have, or 0.
func (r *Rules) one() linkspan.PolicyAction {
	for i := range r.parts {
		if r.parts[i].Action != r.rest.Action {
			return 0
		}
	}
	return r.rest.Action
}

// Uniform returns the one verdict that all packets have, if there is one.
func (r *Rules) Uniform() (linkspan.PolicyAction, bool) { return r.uniform, r.uniform != 0 }

// Sole returns the policy that decides about all packets; nil when several do, or
// none.
func (r *Rules) Sole() *linkspan.Policy {
	if r.several {
		return nil
	}
	return r.rest.Policy
}

// Rest returns what becomes of packets of the protocols that Parts does not have.
func (r *Rules) Rest() Part { return r.rest }

// Parts yields the parts, by protocol and port.
func (r *Rules) Parts() iter.Seq[Part] { return slices.Values(r.parts) }

// Find returns the part that packets of a protocol to a port, or of an ICMP type,
// are in; where the protocol has none, Rest for that protocol. A protocol without
// ports has port 0.
func (r *Rules) Find(protocol uint8, port uint16) Part {
	if i := r.find(protocol, port); i >= 0 {
		return r.parts[i]
	}
	rest := r.rest
	rest.Protocol, rest.Last = protocol, lastPort(protocol)
	return rest
}

// find returns the part's index, or -1.
func (r *Rules) find(protocol uint8, port uint16) int {
	port = min(port, lastPort(protocol))
	low, high := 0, len(r.parts)
	for low < high {
		middle := (low + high) / 2
		if p := &r.parts[middle]; p.Protocol < protocol || p.Protocol == protocol && p.Last < port {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(r.parts) && r.parts[low].Protocol == protocol {
		return low
	}
	return -1
}

// Ports returns the part's protocol and ports as a policy says them.
func (p Part) Ports() linkspan.PolicyPorts {
	if p.First == 0 && p.Last == lastPort(p.Protocol) {
		return linkspan.WholeProtocol(p.Protocol)
	}
	return linkspan.PolicyPorts{Protocol: p.Protocol, First: p.First, Last: p.Last}
}
