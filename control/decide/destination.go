// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan/control/view"

// destination finds the endpoint that the packet is for. That there is none
// does not depend on who asked, so the denial rests on the destination alone.
func destination(v *view.View, p *Packet, d *Decision) bool {
	key := view.Key{Network: p.Network, Address: p.Destination}
	e := v.Endpoint(key)
	var reason Reason
	switch {
	case p.Destination == p.Source:
		reason = OwnAddress
	case !d.Network.Subnet.Contains(p.Destination):
		reason = OutsideDestination
	case e == nil || !e.Attached():
		reason = UnknownDestination
	case p.Arrived() && e.Chassis != p.Chassis:
		reason = MisplacedDestination
	default:
		d.Destination = e
		d.rests(view.KeyOf(d.Source), d.Source)
		d.rests(key, e)
		return false
	}
	d.ByDestination = true
	d.rests(key, e)
	if reason == OwnAddress {
		d.BySource = true
	}
	return d.settle(Deny, reason)
}
