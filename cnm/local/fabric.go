// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// shadowPrefix begins the ids of the records that networks of the fabric have
// here for sandboxes; the network's number follows. Docker's are hexadecimal.
const shadowPrefix = "fabric-"

func isShadow(n cnm.Network) bool { return n.Own && strings.HasPrefix(n.ID, shadowPrefix) }

// isLocal says whether a record is a network that a person made for this host.
func isLocal(n cnm.Network) bool { return n.Own && !isShadow(n) }

// shadow returns the record of a network of the fabric, which it makes where
// there is none, and brings up to date.
func (h *Host) shadow(ctx context.Context, f linkspan.Network) (cnm.Network, error) {
	h.ensuring.Lock()
	defer h.ensuring.Unlock()
	id, m := shadowPrefix+f.ID.String(), h.cfg.Model
	if _, err := m.Network(id); err != nil {
		driver, ok := h.cfg.FabricDrivers[f.Driver.Name()]
		if !ok {
			return cnm.Network{}, refuse("", "network %s is of driver %s, which this host does not have", f.Name, f.Driver.Name())
		}
		_, err := m.NewNetwork(ctx, cnm.NetworkSpec{
			ID: id, Name: id, Driver: driver, IPAM: h.cfg.FabricIPAM, Internal: f.Internal,
			Subnets: shadowed(f),
		})
		if err != nil {
			return cnm.Network{}, err
		}
	}
	if err := m.Bind(ctx, id, f); err != nil {
		return cnm.Network{}, err
	}
	return m.Network(id)
}

// shadowed returns the subnets of a network of the fabric, as a record here has them.
func shadowed(f linkspan.Network) []cnm.SubnetSpec {
	subnets := []cnm.SubnetSpec{{Subnet: f.Subnet, Gateway: f.Gateway}}
	if f.Dual() {
		subnets = append(subnets, cnm.SubnetSpec{Subnet: f.Subnet6, Gateway: f.Gateway6})
	}
	return subnets
}

// inFabric finds networks of the fabric by name or number.
func (h *Host) inFabric(said string) []linkspan.Network {
	var found []linkspan.Network
	for _, f := range h.cfg.Fabric.Networks() {
		if !f.Removing && (f.Name == said || f.ID.String() == said) {
			found = append(found, f)
		}
	}
	return found
}
