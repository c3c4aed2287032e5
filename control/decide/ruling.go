// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan"

// MaxClass is the greatest number of ports of a ruling's class that is not all of
// a protocol.
const MaxClass = 64

// Ruling is what policies say of a packet.
type Ruling struct {
	Action linkspan.PolicyAction
	Policy *linkspan.Policy // that decides; nil: none does, but what follows in the order
	Class  Class            // the widest about the packet that is decided by the same, of no more than MaxClass ports
}

// Judge returns what becomes of packets of a protocol to a destination port, or
// of an ICMP type; a protocol without ports has port 0. It does not allocate. No
// class spans two policies, not even of one verdict, so that what goes by it counts for
// one. No proper packet has protocol 0, which in a class is any: whoever gets one
// drops it unless the Rules are uniform.
func (r *Rules) Judge(protocol uint8, port uint16) Ruling {
	i := r.find(protocol, port)
	part := &r.rest
	if i >= 0 {
		part = &r.parts[i]
	}
	return Ruling{part.Action, part.Policy, r.class(i, protocol, min(port, lastPort(protocol)))}
}

// class returns the class of a packet in the part of that index, or -1.
func (r *Rules) class(i int, protocol uint8, port uint16) Class {
	if r.uniform != 0 && !r.several {
		return Class{}
	}
	if i < 0 {
		return ClassOf(protocol)
	}
	part := &r.parts[i]
	switch {
	case part.First == 0 && part.Last == lastPort(protocol):
		return ClassOf(protocol)
	case linkspan.Typed(protocol): // an ICMP type cannot be matched in part (OpenFlow 1.3.5, 7.2.3.7)
		return BlockOf(protocol, port, portBits)
	}
	return block(protocol, port, int(part.First), int(part.Last))
}

// block returns the greatest aligned block about a port that is within first and
// last.
func block(protocol uint8, port uint16, first, last int) Class {
	best := BlockOf(protocol, port, portBits)
	for size := uint8(portBits - 1); size >= portBits-6; size-- { // down to MaxClass ports
		wider := BlockOf(protocol, port, size)
		if int(wider.Port) < first || int(wider.Last()) > last {
			break
		}
		best = wider
	}
	return best
}
