// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"slices"

	"github.com/linkspan/linkspan"
)

// Effect is what becomes of some packets by two Rules: those of before a change
// and those of after it. Both parts have the ports of the effect; of the packets
// of all protocols that no effect names, Ports is nil.
type Effect struct {
	Ports         *linkspan.PolicyPorts
	Before, After Part
}

// Changed says that the packets have another verdict than before.
func (e Effect) Changed() bool { return e.Before.Action != e.After.Action }

// Effects compares two Rules over all packets.
func Effects(before, after *Rules) (effects []Effect) {
	var protocols []uint8
	for _, r := range []*Rules{before, after} {
		for p := range r.Parts() {
			protocols = append(protocols, p.Protocol)
		}
	}
	slices.Sort(protocols)
	for _, protocol := range slices.Compact(protocols) {
		effects = append(effects, EffectsOn(before, after, linkspan.WholeProtocol(protocol))...)
	}
	return append(effects, Effect{Before: before.Rest(), After: after.Rest()})
}

// EffectsOn compares two Rules over some ports.
func EffectsOn(before, after *Rules, ports linkspan.PolicyPorts) (effects []Effect) {
	last := min(ports.Last, lastPort(ports.Protocol))
	for next := int(ports.First); next <= int(last); {
		b, a := before.Find(ports.Protocol, uint16(next)), after.Find(ports.Protocol, uint16(next))
		end := min(b.Last, a.Last, last)
		b.First, b.Last, a.First, a.Last = uint16(next), end, uint16(next), end
		some := a.Ports()
		effects = append(effects, Effect{&some, b, a})
		next = int(end) + 1
	}
	return effects
}
