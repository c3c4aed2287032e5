// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"net/netip"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// overlays are the endpoints of overlay networks that a host knows, its own
// included, by the number of the network.
type overlays map[uint32]map[netip.Addr]struct{}

// Overlaid returns how many endpoints of overlay networks all hosts know, each
// counted at each host that does.
func (f *Fleet) Overlaid() (n int) {
	for _, h := range f.Hosts {
		n += int(h.overlaid.Load())
	}
	return n
}

// onlyOverlays says whether a message tells of nothing else.
func onlyOverlays(m *apiv1.ChassisServiceFollowResponse) bool {
	return len(m.GetOverlays()) > 0 && !m.GetSnapshot() &&
		len(m.GetNetworks())+len(m.GetNetworksRemoved())+len(m.GetPeers())+len(m.GetPeersRemoved()) == 0
}

// learn takes what a message says of overlay networks.
func (h *Host) learn(m *apiv1.ChassisServiceFollowResponse) error {
	if m.GetSnapshot() {
		clear(h.overlays)
	}
	for _, o := range m.GetOverlays() {
		if err := h.overlays.apply(o); err != nil {
			return err
		}
	}
	n := 0
	for _, known := range h.overlays {
		n += len(known)
	}
	h.overlaid.Store(int64(n))
	for _, o := range m.GetOverlays() {
		for _, p := range o.GetPeers() {
			h.fleet.sawEndpoint(o.GetNetwork(), p.GetAddress(), false)
		}
		for _, a := range o.GetRemoved() {
			h.fleet.sawEndpoint(o.GetNetwork(), a, true)
		}
	}
	return nil
}

// apply does what is said of one network.
func (l overlays) apply(o *apiv1.Overlay) error {
	known := l[o.GetNetwork()]
	if known == nil || o.GetWhole() {
		known = make(map[netip.Addr]struct{}, len(o.GetPeers()))
		l[o.GetNetwork()] = known
	}
	for _, text := range o.GetRemoved() {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("overlay %d: %w", o.GetNetwork(), err)
		}
		delete(known, a)
	}
	for _, p := range o.GetPeers() {
		a, err := netip.ParseAddr(p.GetAddress())
		if err != nil {
			return fmt.Errorf("overlay %d: %w", o.GetNetwork(), err)
		}
		known[a] = struct{}{}
	}
	if len(known) == 0 {
		delete(l, o.GetNetwork())
	}
	return nil
}

// sawEndpoint is saw for an endpoint of an overlay network, whose address is
// well-formed. Mostly nobody waits for it.
func (f *Fleet) sawEndpoint(network uint32, address string, gone bool) {
	if f.watch.Load() != nil {
		f.saw(Seen{Network: network, Address: netip.MustParseAddr(address), Gone: gone})
	}
}
