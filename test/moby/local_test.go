// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/netlabel"
	"github.com/moby/moby/v2/daemon/libnetwork/scope"
	"github.com/moby/moby/v2/daemon/libnetwork/types"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
)

// paper is a driver of one host with both families, ports and routes, on paper
// only: drivers have tests of their own.
type paper struct {
	mu        sync.Mutex
	published []cnm.PortMap
}

var _ cnm.Publisher = (*paper)(nil)

func (*paper) CreateNetwork(context.Context, cnm.Network) error                { return nil }
func (*paper) DeleteNetwork(context.Context, cnm.Network) error                { return nil }
func (*paper) DeleteEndpoint(context.Context, cnm.Network, cnm.Endpoint) error { return nil }
func (*paper) Leave(context.Context, cnm.Network, cnm.Endpoint) error          { return nil }

func (*paper) CreateEndpoint(_ context.Context, _ cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	e.MAC = linkspan.MAC{2, 0, 0, 0, 0, 7}
	return e, nil
}

func (*paper) Join(_ context.Context, n cnm.Network, _ cnm.Endpoint) (cnm.Attachment, error) {
	return cnm.Attachment{
		SrcName: "paper0", DstPrefix: "eth", Gateway: n.Gateway, Gateway6: n.Gateway6,
		Routes: []cnm.Route{
			{Destination: netip.MustParsePrefix("192.0.2.0/24"), NextHop: n.Gateway},
			{Destination: netip.MustParsePrefix("2001:db8::/32")},
		},
	}, nil
}

func (p *paper) Publish(_ context.Context, _ cnm.Network, e cnm.Endpoint) ([]cnm.PortMap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published = e.PortMaps
	return e.PortMaps, nil
}

func (p *paper) Unpublish(context.Context, cnm.Network, cnm.Endpoint) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published = nil
	return nil
}

func (p *paper) open() []cnm.PortMap {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.published)
}

// A driver of one host, as linkspan-bridge is served: with Docker's own IPAM,
// both families, ports, routes, and a way out of its own.
func TestOneHost(t *testing.T) {
	p := preparePlugin(t)
	d := new(paper)
	c, err := cnm.New(cnm.Options{Store: p.world.Store, Drivers: map[string]cnm.Driver{"paper": d}})
	if err != nil {
		t.Fatal(err)
	}
	p.c = c
	p.serve(docker.Options{Controller: c, Name: p.name, Driver: "paper", IPv6: true, OneHost: true, OwnWayOut: true})
	p.proxies = find(t, p.name)
	if want := (driverapi.Capability{DataScope: scope.Local, ConnectivityScope: scope.Local}); p.reach != want || p.ipam != nil {
		t.Errorf("it reaches %+v, want %+v; its ipam driver is %v", p.reach, want, p.ipam)
	}
	both := options(nil)
	both[netlabel.EnableIPv6] = true
	v4 := []driverapi.IPAMData{{AddressSpace: "LocalDefault", Pool: cidr("172.18.0.0/16"), Gateway: cidr("172.18.0.1/16")}}
	v6 := []driverapi.IPAMData{{AddressSpace: "LocalDefault", Pool: cidr("fd00:18::/64"), Gateway: cidr("fd00:18::1/64")}}
	if err := p.CreateNetwork(t.Context(), networkID, both, nil, v4, v6); err != nil {
		t.Fatal(err)
	}
	i := &iface{v4: cidr("172.18.0.2/16"), v6: cidr("fd00:18::2/64")}
	published := ports(
		types.PortBinding{Proto: types.TCP, Port: 80, HostPort: 18080, HostPortEnd: 18080},
		types.PortBinding{Proto: types.UDP, Port: 81, HostIP: net.IPv4(127, 0, 0, 1), HostPort: 18081, HostPortEnd: 18090},
	)
	if err := p.CreateEndpoint(t.Context(), networkID, endpointID, i, published); err != nil {
		t.Fatal(err)
	}
	if i.mac.String() != "02:00:00:00:00:07" {
		t.Errorf("the MAC is %s", i.mac)
	}
	box := new(sandbox)
	if err := p.Join(t.Context(), networkID, endpointID, key, box, nil, published); err != nil {
		t.Fatal(err)
	}
	want := &sandbox{
		Names: []string{"paper0", "eth", ""}, Gateways: []string{"172.18.0.1", "fd00:18::1"}, NoService: true,
		Routes: []string{"192.0.2.0/24 via 172.18.0.1", "2001:db8::/32 connected"},
	}
	if diff := cmp.Diff(want, box, cmp.AllowUnexported(sandbox{})); diff != "" {
		t.Errorf("sandbox (-want +got):\n%s", diff)
	}
	publish(t, p, d)
}

// publish makes the endpoint a gateway of both families, of one, and of none.
func publish(t *testing.T, p *plugin, d *paper) {
	t.Helper()
	want := []cnm.PortMap{
		{Proto: 6, Port: 80, HostPort: 18080, HostPortEnd: 18080},
		{Proto: 17, Port: 81, HostIP: "127.0.0.1", HostPort: 18081, HostPortEnd: 18090},
	}
	for _, gateways := range [][2]string{{endpointID, endpointID}, {endpointID, "another"}} {
		if err := p.ProgramExternalConnectivity(t.Context(), networkID, endpointID, gateways[0], gateways[1]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.open()); diff != "" {
			t.Errorf("gateways %q: published (-want +got):\n%s", gateways, diff)
		}
	}
	gatewayOf(t, p, "")
	if open := d.open(); len(open) > 0 {
		t.Errorf("still published: %v", open)
	}
	if err := p.Leave(networkID, endpointID); err != nil {
		t.Error(err)
	}
	if err := p.DeleteEndpoint(networkID, endpointID); err != nil {
		t.Error(err)
	}
	if err := p.DeleteNetwork(networkID); err != nil {
		t.Error(err)
	}
	p.left(0, 0, 0)
}
