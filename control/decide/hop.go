// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan/control/view"

// hop counts the chassis as hops. Within one chassis there is no hop; between
// two, each one is, and answers from its own underlay address, so that
// traceroute shows where the packet went.
func hop(v *view.View, p *Packet, d *Decision) bool {
	if d.Local() || !p.Expired() {
		return false
	}
	d.Hop = v.Chassis(p.Chassis)
	if d.Hop == nil || !d.Hop.Underlay.Is4() {
		return d.settle(Ignore, TimeExceeded)
	}
	return d.settle(Expire, TimeExceeded)
}
