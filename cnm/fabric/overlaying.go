// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
)

// overlaying brings into place what one stream tells of overlay networks, the
// newest state of each: messages that come while it works are done together.
type overlaying struct {
	f    *Fabric
	wake chan struct{}

	mu    sync.Mutex
	want  map[linkspan.NetworkID]map[netip.Addr]overlay.Peer
	dirty map[linkspan.NetworkID]*difference
	all   bool // a snapshot has come: what it does not have is to go

	told string // used by run only: the error last logged
}

// difference is what is to be done to a network.
type difference struct {
	whole bool                        // what is in place is not known
	was   map[netip.Addr]overlay.Peer // in place of those that changed; zero: nobody
}

func newOverlaying(f *Fabric) *overlaying {
	return &overlaying{
		f: f, wake: make(chan struct{}, 1), dirty: make(map[linkspan.NetworkID]*difference),
		want: make(map[linkspan.NetworkID]map[netip.Addr]overlay.Peer),
	}
}

// apply takes one message in; it does not wait for what it says to be in place.
func (o *overlaying) apply(m *apiv1.ChassisServiceFollowResponse) {
	if o.f.cfg.Overlays == nil || !m.GetSnapshot() && len(m.GetOverlays()) == 0 {
		return
	}
	o.mu.Lock()
	if m.GetSnapshot() {
		clear(o.want)
		o.all = true
	}
	for _, network := range m.GetOverlays() {
		o.change(network)
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// change takes one network in; o.mu is held.
func (o *overlaying) change(m *apiv1.Overlay) {
	id := linkspan.NetworkID(m.GetNetwork())
	d := o.differs(id)
	if m.GetWhole() || o.want[id] == nil {
		d.whole = true
		o.want[id] = make(map[netip.Addr]overlay.Peer, len(m.GetPeers()))
	}
	for _, text := range m.GetRemoved() {
		if a, err := netip.ParseAddr(text); err == nil {
			o.put(id, a.Unmap(), overlay.Peer{})
		}
	}
	for _, message := range m.GetPeers() {
		p, err := o.read(message)
		if err != nil { // it must not hold up the others
			o.f.cfg.Log.Error("endpoint of an overlay cannot be reached", "network", id, "address", message.GetAddress(), "underlay", message.GetUnderlay(), "error", err)
			continue
		}
		o.put(id, p.Address, p)
	}
}

func (o *overlaying) differs(id linkspan.NetworkID) *difference {
	if o.dirty[id] == nil {
		o.dirty[id] = &difference{was: make(map[netip.Addr]overlay.Peer)}
	}
	return o.dirty[id]
}

// put changes one peer; the zero one is none.
func (o *overlaying) put(id linkspan.NetworkID, a netip.Addr, p overlay.Peer) {
	d := o.differs(id)
	if _, noted := d.was[a]; !noted && !d.whole {
		d.was[a] = o.want[id][a]
	}
	if p == (overlay.Peer{}) {
		delete(o.want[id], a)
	} else {
		o.want[id][a] = p
	}
}

func (o *overlaying) read(m *apiv1.OverlayPeer) (overlay.Peer, error) {
	var p overlay.Peer
	address, err := netip.ParseAddr(m.GetAddress())
	if err != nil {
		return p, err
	}
	host, err := netip.ParseAddr(m.GetUnderlay())
	if err != nil {
		return p, err
	}
	if own := o.f.cfg.Underlay; own.IsValid() && own.Is4() != host.Unmap().Is4() {
		return p, &linkspan.Error{Code: linkspan.Invalid, Message: "its host's address is of another family than this one's"}
	}
	p.Address, p.Host = address.Unmap(), host.Unmap()
	p.MAC, err = linkspan.ParseMAC(m.GetMac())
	return p, err
}

// run works until ctx ends.
func (o *overlaying) run(ctx context.Context) {
	var pauses backoff
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
		for err := o.step(ctx); err != nil; err = o.step(ctx) {
			if text := err.Error(); ctx.Err() == nil && text != o.told {
				o.told = text
				o.f.cfg.Log.Warn("overlay networks are not as the controller has them", "error", err)
			}
			if pauses.wait(ctx, o.wake) != nil {
				return
			}
		}
		pauses.reset()
		o.told = ""
	}
}

// placement is one network's part of a step.
type placement struct {
	whole      bool
	come, gone []overlay.Peer
}

// step places what has changed, each network by itself.
func (o *overlaying) step(ctx context.Context) error {
	var errs []error
	for id, p := range o.due() {
		var err error
		if p.whole {
			err = o.f.cfg.Overlays.SetPeers(ctx, uint32(id), p.come)
		} else {
			err = o.f.cfg.Overlays.ChangePeers(ctx, uint32(id), p.come, p.gone)
		}
		if err != nil {
			errs = append(errs, err)
			o.mu.Lock()
			o.differs(id).whole = true
			o.mu.Unlock()
			continue
		}
		o.f.notePlaced(id, p)
	}
	return errors.Join(errs...)
}

// due takes what has changed.
func (o *overlaying) due() map[linkspan.NetworkID]placement {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all {
		o.all = false
		for _, vni := range o.f.cfg.Overlays.Peered() {
			o.differs(linkspan.NetworkID(vni)).whole = true
		}
	}
	due := make(map[linkspan.NetworkID]placement, len(o.dirty))
	for id, d := range o.dirty {
		due[id] = o.placement(id, d)
		if len(o.want[id]) == 0 {
			delete(o.want, id)
		}
	}
	clear(o.dirty)
	return due
}

func (o *overlaying) placement(id linkspan.NetworkID, d *difference) placement {
	if d.whole {
		return placement{whole: true, come: slices.Collect(maps.Values(o.want[id]))}
	}
	var p placement
	for a, was := range d.was {
		now := o.want[id][a]
		if was != now && was != (overlay.Peer{}) {
			p.gone = append(p.gone, was)
		}
		if was != now && now != (overlay.Peer{}) {
			p.come = append(p.come, now)
		}
	}
	return p
}

// onlyOverlays says whether a message tells of nothing else, so that there is
// nothing to acknowledge.
func onlyOverlays(m *apiv1.ChassisServiceFollowResponse) bool {
	return len(m.GetOverlays()) > 0 && !m.GetSnapshot() &&
		len(m.GetNetworks())+len(m.GetNetworksRemoved())+len(m.GetPeers())+len(m.GetPeersRemoved()) == 0
}
