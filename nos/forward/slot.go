// SPDX-License-Identifier: Apache-2.0

package forward

// slots numbers the ports that have limits, by their names: so that each keeps its meters while
// others come and go, but for one of a like number.
func slots(ports []port) {
	taken := make(map[uint32]bool)
	for i := range ports {
		p := &ports[i]
		if p.rate == 0 && p.limits == [len(kinds)]uint32{} {
			continue
		}
		p.slot = hash(p.name) % meterSlots
		for taken[p.slot] {
			p.slot = (p.slot + 1) % meterSlots
		}
		taken[p.slot] = true
	}
}
