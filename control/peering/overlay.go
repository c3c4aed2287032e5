// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Overlay is what a chassis must be told of an overlay network: all of it, or
// what changed.
type Overlay struct {
	Network linkspan.NetworkID
	Whole   bool // what is not in it is gone
	Peers   []OverlayPeer
	Removed []netip.Addr
}

// OverlayPeer is an endpoint of the network, on any chassis that the one which is
// told may speak to, and its chassis's address. The record is not to be changed.
type OverlayPeer struct {
	*linkspan.Endpoint
	Underlay netip.Addr
}

// updateOverlays notes what of overlay networks is to be told to whom. p.view is
// the new one.
func (p *Peering) updateOverlays(old *view.View, d *view.Delta) {
	touched := make(map[linkspan.NetworkID]bool)
	for _, c := range d.Endpoints {
		if !view.SameOverlaid(c.Old, c.New) {
			touched[c.Any().Network] = true
		}
	}
	for id := range touched {
		for _, v := range []*view.View{old, p.view} {
			for member := range v.OverlayMembers(id) {
				// One that left and comes back before it is told misses what is forbidden
				// meanwhile: that is noted for members only.
				p.noteOverlay(member, id, !p.view.InOverlay(id, member))
			}
		}
	}
	for _, c := range d.Chassis {
		if c.Old == nil || c.New == nil || c.Old.Underlay != c.New.Underlay || c.Old.InSite() != c.New.InSite() {
			p.renewOverlays(c.Any().ID)
		}
	}
	for _, c := range d.Clearances {
		p.clearOverlays(c.Any())
	}
}

// renewOverlays has a chassis that moved, and all that share an overlay with it,
// told of these anew.
func (p *Peering) renewOverlays(id linkspan.ChassisID) {
	for network := range p.view.Overlays(id) {
		for member := range p.view.OverlayMembers(network) {
			p.noteOverlay(member, network, true)
		}
	}
}

// clearOverlays has the chassis of two sites told of their overlays anew.
func (p *Peering) clearOverlays(of *linkspan.Clearance) {
	for id := range p.sites {
		c := p.view.Chassis(id)
		if c == nil || c.InSite() != of.A && c.InSite() != of.B {
			continue
		}
		for network := range p.view.Overlays(id) {
			p.noteOverlay(id, network, true)
		}
	}
}

// noteOverlay has a chassis told of an overlay network, if it follows: one that
// does not is told all when it does.
func (p *Peering) noteOverlay(id linkspan.ChassisID, network linkspan.NetworkID, whole bool) {
	s := p.sites[id]
	if s == nil || s.stream == nil {
		return
	}
	if s.overlays == nil {
		s.overlays = make(map[linkspan.NetworkID]bool)
	}
	s.overlays[network] = s.overlays[network] || whole
	s.stream.signal()
}

// tellOverlay adds one network to an update.
func (s *Stream) tellOverlay(u *Update, network linkspan.NetworkID, whole bool) {
	v := s.peering.view
	earlier, known := s.told[network]
	if !v.InOverlay(network, s.id) {
		if known {
			delete(s.told, network)
			u.Overlays = append(u.Overlays, Overlay{Network: network, Whole: true})
		}
		return
	}
	o, now := Overlay{Network: network, Whole: whole || !known}, v.Overlaid(network)
	if o.Whole {
		earlier = view.Overlaid{}
	}
	for key, e := range now.Since(earlier) {
		if c := s.spokenTo(e); c != nil {
			o.Peers = append(o.Peers, OverlayPeer{e, c.Underlay})
		} else if !o.Whole {
			o.Removed = append(o.Removed, key.Address)
		}
	}
	s.told[network] = now
	slices.SortFunc(o.Peers, func(a, b OverlayPeer) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(o.Removed, netip.Addr.Compare)
	if o.Whole || len(o.Peers)+len(o.Removed) > 0 {
		u.Overlays = append(u.Overlays, o)
	}
}

// spokenTo returns the chassis of an endpoint, or nil when there is none or the
// stream's chassis must not speak to it, as sites are apart.
func (s *Stream) spokenTo(e *linkspan.Endpoint) *linkspan.Chassis {
	if e == nil {
		return nil
	}
	c := s.peering.view.Chassis(e.Chassis)
	if c == nil || !c.Underlay.IsValid() || !s.peering.view.Clear(s.id, c.ID) {
		return nil
	}
	return c
}
