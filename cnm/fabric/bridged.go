// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"maps"
	"net/netip"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Bridged returns where networks that this host has alone lead: the subnets of other
// networks, by the id of each; ok is false until the controller has told. The lists must
// not be changed.
func (f *Fabric) Bridged() (to map[string][]netip.Prefix, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.bridged), f.snapshots > 0
}

// takeBridges takes in what a message says of them; f.mu is held.
func (f *Fabric) takeBridges(m *apiv1.ChassisServiceFollowResponse) {
	if m.GetBridges() == nil && !m.GetSnapshot() {
		return
	}
	f.bridged = make(map[string][]netip.Prefix)
	for _, b := range m.GetBridges().GetNetworks() {
		var to []netip.Prefix
		for _, text := range b.GetSubnets() {
			p, err := netip.ParsePrefix(text)
			if err != nil || !p.Addr().Is4() || p != p.Masked() {
				f.cfg.Log.Error("subnet of the fabric is not understood", "network", b.GetNetwork(), "subnet", text, "error", err)
				continue
			}
			to = append(to, p)
		}
		f.bridged[b.GetNetwork()] = to
	}
}
