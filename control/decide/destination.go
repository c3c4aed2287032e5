// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// destination finds the endpoint that the packet is for. That there is none
// does not depend on who asked, so the denial rests on the destination alone; but
// whose an address is that several networks hold may depend on a link of the source.
func destination(v *view.View, p *Packet, d *Decision) bool {
	key, reason := view.Key{Network: p.Network, Address: p.Destination}, NoReason
	switch {
	case p.Entered():
		return false // found with the source
	case p.Destination == p.Source:
		reason = OwnAddress
	case !p.Arrived() && outside(v, d.Source, p.Destination):
		return leaves(v, p, d)
	case d.DestinationNetwork.Holds(p.Destination):
	case p.Arrived(): // the network that it came into is the destination's
		reason = OutsideDestination
	default:
		key, reason = destinationAcross(v, p, d)
	}
	e := d.recalledTo(v, key)
	if reason == NoReason {
		reason = misplaced(p, e)
	}
	if reason == NoReason {
		d.Destination = e
		d.rests(d.Source.Network, d.Source.Address, d.Source)
		d.rests(e.Network, e.Address, e)
		return false
	}
	d.ByDestination = true
	d.BySource = reason == OwnAddress || reason == AmbiguousDestination && v.AnyLinks()
	d.rests(key.Network, key.Address, e)
	return d.settle(Deny, reason)
}

// recalledTo returns the endpoint of the packet's destination, which may be in another
// network than what is recalled.
func (d *Decision) recalledTo(v *view.View, key view.Key) *linkspan.Endpoint {
	if d.recalled != nil && key.Network == d.recalled.to.Network {
		return d.recalled.to
	}
	return v.Endpoint(key)
}

// misplaced says why a packet cannot be delivered to what was found at its
// destination.
func misplaced(p *Packet, e *linkspan.Endpoint) Reason {
	switch {
	case e == nil || !e.Attached():
		return UnknownDestination
	case p.Arrived() && e.Chassis != p.Chassis:
		return MisplacedDestination
	}
	return NoReason
}
