// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan"

// common are the protocols that stand for all where a class of all is taken apart: no
// class is all but some.
var common = [...]uint8{ProtocolICMP, ProtocolTCP, ProtocolUDP, ProtocolICMPv6}

// Within takes a class apart into those, each decided about by one policy, that are allowed, or
// those that are not. Of the class of all it returns those of common protocols of either family; of a protocol
// that has more than most, none.
func (r *Rules) Within(c Class, allowed bool, most int) (list []Class) {
	if r.uniform != 0 && !r.several {
		if (r.uniform == linkspan.PolicyAllow) != allowed {
			return nil
		}
		return []Class{c}
	}
	protocols := common[:]
	if c.Protocol != 0 {
		protocols = []uint8{c.Protocol}
	}
	for _, protocol := range protocols {
		last, begun := min(c.Last(), lastPort(protocol)), len(list)
		for next := int(c.Port); next <= int(last); {
			part := r.Find(protocol, uint16(next))
			end := min(part.Last, last)
			if (part.Action == linkspan.PolicyAllow) == allowed {
				list = append(list, blocksOf(protocol, uint16(next), end)...)
			}
			next = int(end) + 1
		}
		if len(list)-begun > most {
			list = list[:begun]
		}
	}
	return list
}

// blocksOf returns the classes that some ports of a protocol are, or types of ICMP.
func blocksOf(protocol uint8, first, last uint16) (list []Class) {
	switch {
	case first == 0 && last == lastPort(protocol):
		return []Class{ClassOf(protocol)}
	case !linkspan.Typed(protocol):
		return Blocks(protocol, first, last)
	}
	for n := int(first); n <= int(last); n++ {
		list = append(list, BlockOf(protocol, uint16(n), portBits))
	}
	return list
}
