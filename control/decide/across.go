// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan/control/view"

// sourceAcross finds the source of a packet that came from another chassis into a
// network that does not hold its source's address: it is who the destination finds
// under that address. What does not depend on the source is denied without it.
func sourceAcross(v *view.View, p *Packet, d *Decision) bool {
	d.across, d.asked = true, *p
	at := view.Key{Network: p.Network, Address: p.Destination}
	to := v.Endpoint(at)
	if reason := misplaced(p, to); reason != NoReason {
		d.ByDestination = true
		d.rests(at.Network, at.Address, to)
		return d.settle(Deny, reason)
	}
	key, sight := v.Find(to, p.Source)
	e := v.Endpoint(key)
	var reason Reason
	switch {
	case sight != view.Seen || e == nil || !e.Attached():
		reason = UnknownSource
	case e.Chassis != p.Sender || e.Chassis == p.Chassis:
		reason = MisplacedSource
	default:
		d.Source, d.Network = e, v.Network(key.Network)
		return false
	}
	d.BySource, d.ByDestination = true, true
	d.rests(key.Network, key.Address, e)
	return d.settle(Deny, reason)
}

// destinationAcross finds whose the destination's address is, when the source's
// network does not hold it.
func destinationAcross(v *view.View, p *Packet, d *Decision) (view.Key, Reason) {
	d.across, d.asked = true, *p
	key, sight := v.Find(d.Source, p.Destination)
	switch sight {
	case view.Nowhere:
		return key, OutsideDestination
	case view.Ambiguous:
		return key, AmbiguousDestination
	}
	d.DestinationNetwork = v.Network(key.Network)
	return key, NoReason
}

// mutual says whether both ends find each other under their addresses, and denies
// otherwise: the answers of one would go to somebody else, or to nobody.
func mutual(v *view.View, d *Decision) bool {
	if d.Outside.IsValid() || v.FindEachOther(d.Source, d.Destination) {
		return true
	}
	d.whole()
	d.BySource, d.ByDestination = true, true
	d.settle(Deny, AmbiguousSource)
	return false
}

// decidedAnew says whether a decision across networks is the same in v: it rests on
// more than the records of its ends, as to which network an address is of others
// have a say.
func (d *Decision) decidedAnew(v *view.View) bool {
	var now Decision
	now.there, now.back = d.there, d.back // of policies nothing changed
	now.decide(v, &d.asked)
	if d.turned { // of the answer, of which policies say the same as before
		now.DenyAs(d)
	}
	return d.Verdict == now.Verdict && d.Network == now.Network && d.DestinationNetwork == now.DestinationNetwork &&
		sameEnd(d.Source, now.Source) && sameEnd(d.Destination, now.Destination) && d.Outside == now.Outside && d.Transport == now.Transport &&
		d.BySource == now.BySource && d.ByDestination == now.ByDestination && d.Hop == now.Hop &&
		d.Tracked == now.Tracked && d.Class == now.Class && d.Policy == now.Policy
}
