// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// holdings are this host's own networks and who is in them, by id.
type holdings struct {
	networks  map[string]linkspan.LocalNetwork
	endpoints map[string]linkspan.LocalEndpoint
	refused   map[string]error // by id: what cannot be told, and why
}

// take looks what there is. A network of Docker's has no name for the moment until
// the mirror learns it, and is told of then.
func (i *Inventory) take() holdings {
	h := holdings{make(map[string]linkspan.LocalNetwork), make(map[string]linkspan.LocalEndpoint), make(map[string]error)}
	endpoints := i.cfg.Model.Endpoints() // first: what is in a network that comes meanwhile waits for the next look
	for _, n := range i.cfg.Model.Networks() {
		if n.Bound() || n.Name == "" || slices.Contains(i.cfg.Of, n.Driver) {
			continue
		}
		word := i.network(n)
		if err := word.Validate(); err != nil {
			h.refused[n.ID] = err
			continue
		}
		h.networks[n.ID] = word
	}
	for _, e := range endpoints {
		if _, own := h.networks[e.Network]; !own || e.State != cnm.Joined || e.Leaving != nil {
			continue
		}
		word := i.endpoint(e)
		if err := word.Validate(); err != nil {
			h.refused[e.ID] = err
			continue
		}
		h.endpoints[e.ID] = word
	}
	return h
}

func (i *Inventory) network(n cnm.Network) linkspan.LocalNetwork {
	word := linkspan.LocalNetwork{
		Chassis: i.cfg.Chassis, ID: n.ID, Name: n.Name, Driver: n.Driver, Internal: n.Internal,
		Labels: kept(n.Labels), Created: n.Created.UTC(),
	}
	if called, ok := i.cfg.Called[n.Driver]; ok {
		word.Driver = called
	}
	for _, s := range []linkspan.LocalSubnet{{Subnet: n.Subnet, Gateway: n.Gateway}, {Subnet: n.Subnet6, Gateway: n.Gateway6}} {
		if !s.Subnet.IsValid() {
			continue
		}
		if s.Subnet = s.Subnet.Masked(); !s.Subnet.Contains(s.Gateway) {
			s.Gateway = netip.Addr{} // none, or one that is out of reach
		}
		word.Subnets = append(word.Subnets, s)
	}
	return word
}

func (i *Inventory) endpoint(e cnm.Endpoint) linkspan.LocalEndpoint {
	return linkspan.LocalEndpoint{
		Chassis: i.cfg.Chassis, ID: e.ID, Network: e.Network, Container: cmp.Or(e.Container, e.Name),
		Address: e.Address.Addr().Unmap(), Address6: e.Address6.Addr(), MAC: e.MAC,
		Aliases: names(e.Aliases), Labels: kept(e.Labels), Created: e.Created.UTC(),
		Port: e.Port, Undescribed: e.Port != 0 && e.Undescribed(),
	}
}

// kept returns labels if they are few enough to be kept elsewhere, else none: what
// they are for is missed, the rest of the record is not.
func kept(labels map[string]string) map[string]string {
	if linkspan.ValidateLabels("it", labels) != nil {
		return nil
	}
	return labels
}

// names returns the aliases that can be kept.
func names(all []string) []string {
	fit := make([]string, 0, len(all))
	for _, name := range all {
		if name != "" && len(name) <= linkspan.MaxText && len(fit) < linkspan.MaxAliases {
			fit = append(fit, name)
		}
	}
	return fit
}
