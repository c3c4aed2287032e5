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
	dirty map[linkspan.NetworkID]bool
	all   bool // a snapshot has come: what it does not have is to go

	told string // used by run only: the error last logged
}

func newOverlaying(f *Fabric) *overlaying {
	return &overlaying{
		f: f, wake: make(chan struct{}, 1), dirty: make(map[linkspan.NetworkID]bool),
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
	o.dirty[id] = true
	if m.GetWhole() || o.want[id] == nil {
		o.want[id] = make(map[netip.Addr]overlay.Peer, len(m.GetPeers()))
	}
	for _, text := range m.GetRemoved() {
		if a, err := netip.ParseAddr(text); err == nil {
			delete(o.want[id], a.Unmap())
		}
	}
	for _, message := range m.GetPeers() {
		p, err := o.read(message)
		if err != nil { // it must not hold up the others
			o.f.cfg.Log.Error("endpoint of an overlay cannot be reached", "network", id, "address", message.GetAddress(), "underlay", message.GetUnderlay(), "error", err)
			continue
		}
		o.want[id][p.Address] = p
	}
	if len(o.want[id]) == 0 {
		delete(o.want, id)
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

// step places what has changed, each network by itself.
func (o *overlaying) step(ctx context.Context) error {
	var errs []error
	for id, peers := range o.due() {
		if err := o.f.cfg.Overlays.SetPeers(ctx, uint32(id), peers); err != nil {
			errs = append(errs, err)
			o.mu.Lock()
			o.dirty[id] = true
			o.mu.Unlock()
			continue
		}
		o.f.notePlaced(id, peers)
	}
	return errors.Join(errs...)
}

// due takes what has changed.
func (o *overlaying) due() map[linkspan.NetworkID][]overlay.Peer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all {
		o.all = false
		for _, vni := range o.f.cfg.Overlays.Peered() {
			o.dirty[linkspan.NetworkID(vni)] = true
		}
	}
	due := make(map[linkspan.NetworkID][]overlay.Peer, len(o.dirty))
	for id := range o.dirty {
		due[id] = slices.Collect(maps.Values(o.want[id]))
	}
	clear(o.dirty)
	return due
}

// onlyOverlays says whether a message tells of nothing else, so that there is
// nothing to acknowledge.
func onlyOverlays(m *apiv1.ChassisServiceFollowResponse) bool {
	return len(m.GetOverlays()) > 0 && !m.GetSnapshot() &&
		len(m.GetNetworks())+len(m.GetNetworksRemoved())+len(m.GetPeers())+len(m.GetPeersRemoved()) == 0
}
