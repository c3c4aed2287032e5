// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// source finds the endpoint that sent the packet and checks that it is where
// the packet came from. The spoof guard of the chassis has done so for its own
// ports; what fails here raced with a change and is ignored, the next packet
// meets the new guard. What comes from another chassis is checked here alone.
func source(v *view.View, p *Packet, d *Decision) bool {
	if p.Entered() {
		return enters(v, p, d)
	}
	if p.Arrived() && !d.Network.Holds(p.Source) {
		return sourceAcross(v, p, d)
	}
	key := view.Key{Network: p.Network, Address: p.Source}
	e := d.recalledFrom(v, key)
	var reason Reason
	switch {
	case e == nil || !e.Attached():
		reason = UnknownSource
	case p.Arrived() && (e.Chassis != p.Sender || e.Chassis == p.Chassis):
		reason = MisplacedSource
	case !p.Arrived() && (e.Chassis != p.Chassis || e.Port != p.Port):
		reason = MisplacedSource
	default:
		d.Source = e
		return false
	}
	if !p.Arrived() {
		return d.settle(Ignore, reason)
	}
	d.BySource = true
	d.rests(key.Network, key.Address, e)
	return d.settle(Deny, reason)
}

// recalledFrom returns the endpoint of the packet's source.
func (d *Decision) recalledFrom(v *view.View, key view.Key) *linkspan.Endpoint {
	if d.recalled != nil {
		return d.recalled.from
	}
	return v.Endpoint(key)
}
