// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

// localSpace is the address space of Docker's own IPAM, which plugins know.
const localSpace = "LocalDefault"

// CreateNetwork has the plugin create the network, once.
func (d *Driver) CreateNetwork(ctx context.Context, n cnm.Network) error {
	d.mu.Lock()
	done := d.networks[n.ID]
	d.mu.Unlock()
	if done {
		return nil
	}
	if err := d.call(ctx, "CreateNetwork", requestOf(n), nil); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.networks[n.ID] = true
	return nil
}

func requestOf(n cnm.Network) plugin.CreateNetworkRequest {
	req := plugin.CreateNetworkRequest{
		NetworkID: n.ID,
		Options: map[string]any{
			plugin.OptionEnableIPv4: n.Subnet.IsValid(), plugin.OptionEnableIPv6: n.Subnet6.IsValid(),
		},
		IPv4Data: dataOf(n, n.Subnet, n.Gateway), IPv6Data: dataOf(n, n.Subnet6, n.Gateway6),
	}
	if len(n.Options) > 0 {
		generic := make(map[string]any, len(n.Options))
		for key, value := range n.Options {
			generic[key] = value
		}
		req.Options[plugin.OptionGeneric] = generic
	}
	if n.Internal {
		req.Options[plugin.OptionInternal] = true
	}
	return req
}

// dataOf is a subnet with its addresses, as Docker tells them.
func dataOf(n cnm.Network, subnet netip.Prefix, gateway netip.Addr) []plugin.IPAMData {
	if !subnet.IsValid() {
		return []plugin.IPAMData{}
	}
	data := plugin.IPAMData{AddressSpace: n.Space, Pool: subnet.String(), AuxAddresses: make(map[string]string)}
	if data.AddressSpace == "" {
		data.AddressSpace = localSpace
	}
	if gateway.IsValid() {
		data.Gateway = netip.PrefixFrom(gateway, subnet.Bits()).String()
	}
	for name, a := range n.AuxAddresses {
		if subnet.Contains(a) {
			data.AuxAddresses[name] = netip.PrefixFrom(a, subnet.Bits()).String()
		}
	}
	return []plugin.IPAMData{data}
}

// DeleteNetwork has the plugin delete the network, if it may have it.
func (d *Driver) DeleteNetwork(ctx context.Context, n cnm.Network) error {
	d.mu.Lock()
	_, known := d.networks[n.ID]
	d.mu.Unlock()
	if known || n.Removing != nil {
		if err := d.remove(ctx, "DeleteNetwork", plugin.NetworkRequest{NetworkID: n.ID}); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.networks, n.ID)
	return nil
}
