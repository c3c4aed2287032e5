// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/v2/daemon/libnetwork/discoverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/ipamapi"
	"github.com/moby/moby/v2/daemon/libnetwork/netlabel"
	"github.com/moby/moby/v2/daemon/libnetwork/scope"

	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// A plugin is found by its name, says what it is and is registered as both
// kinds of driver.
func TestRegister(t *testing.T) {
	p := newPlugin(t)
	if want := (driverapi.Capability{DataScope: scope.Local, ConnectivityScope: scope.Global}); p.reach != want {
		t.Errorf("the network driver reaches %+v, want %+v", p.reach, want)
	}
	if p.ipam == nil || p.needs == nil || *p.needs != (ipamapi.Capability{}) {
		t.Fatalf("the ipam driver is %v and needs %+v", p.ipam, p.needs)
	}
	if p.Type() != p.name || p.IsBuiltIn() {
		t.Errorf("the network driver is %s", p.Type())
	}
	local, global, err := p.ipam.GetDefaultAddressSpaces()
	if err != nil || local != space || global != "linkspan-global" {
		t.Errorf("address spaces are %q, %q, %v", local, global, err)
	}
	want := []string{
		"Plugin.Activate", "NetworkDriver.GetCapabilities", "IpamDriver.GetCapabilities", "IpamDriver.GetDefaultAddressSpaces",
	}
	if diff := cmp.Diff(want, p.heard()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// A network with everything, one container in it, and all of it removed.
func TestLife(t *testing.T) {
	p := newPlugin(t)
	pool, err := p.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space, Pool: "10.7.0.0/24", SubPool: "10.7.0.128/25"})
	if err != nil || pool.Pool != netip.MustParsePrefix("10.7.0.0/24") {
		t.Fatalf("pool %+v, %v", pool, err)
	}
	gateway := request(t, p, pool.PoolID, "10.7.0.254", gatewayWish())
	nas := request(t, p, pool.PoolID, "10.7.0.5", nil) // outside of the range
	p.heard()
	if skip4, skip6, err := p.GetSkipGwAlloc(options(nil)); skip4 || skip6 || err != nil {
		t.Errorf("no gateway: %v, %v, %v", skip4, skip6, err)
	}
	generic := map[string]string{netlabel.DriverMTU: "1400", "linkspan.idle": "45s"}
	data := []driverapi.IPAMData{{
		AddressSpace: space, Pool: cidr("10.7.0.0/24"), Gateway: gateway, AuxAddresses: map[string]*net.IPNet{"nas": nas},
	}}
	if err := p.CreateNetwork(t.Context(), networkID, options(generic), nil, data, []driverapi.IPAMData{}); err != nil {
		t.Fatal(err)
	}
	made, err := p.c.Network(networkID)
	if err != nil || made.Gateway.String() != "10.7.0.254" || made.AuxAddresses["nas"].String() != "10.7.0.5" {
		t.Errorf("network %+v, %v", made, err)
	}
	if diff := cmp.Diff(generic, made.Options); diff != "" {
		t.Errorf("options (-given +arrived):\n%s", diff)
	}
	if err := p.c.Bind(t.Context(), networkID, cnmtest.Web()); err != nil {
		t.Fatal(err)
	}
	contain(t, p, pool.PoolID)
	for _, address := range []*net.IPNet{gateway, nas} {
		if err := p.ipam.ReleaseAddress(pool.PoolID, address.IP); err != nil {
			t.Error(err)
		}
	}
	if err := p.ipam.ReleasePool(pool.PoolID); err != nil {
		t.Error(err)
	}
	if err := p.DeleteNetwork(networkID); err != nil {
		t.Error(err)
	}
	p.left(0, 0, 0)
}

// request takes an address that must be the one that was asked for.
func request(t *testing.T, p *plugin, pool, want string, with map[string]string) *net.IPNet {
	t.Helper()
	got, _, err := p.ipam.RequestAddress(pool, net.ParseIP(want), with)
	if err != nil || got.IP.String() != want {
		t.Fatalf("address %v, want %s: %v", got, want, err)
	}
	return got
}

// contain is the life of a container that is given address and MAC.
func contain(t *testing.T, p *plugin, pool string) {
	t.Helper()
	address := request(t, p, pool, "10.7.0.140", map[string]string{"com.docker.network.endpoint.name": "c1"})
	mac := net.HardwareAddr{2, 0xaa, 0xbb, 0xcc, 0xdd, 1}
	given := ports()
	given[netlabel.MacAddress], given[netlabel.DNSServers] = mac, []string{"9.9.9.9"}
	given[netlabel.Ifname] = "foo0"
	if err := p.CreateEndpoint(t.Context(), networkID, endpointID, &iface{mac: mac, v4: address}, given); err != nil {
		t.Fatal(err)
	}
	box := new(sandbox)
	if err := p.Join(t.Context(), networkID, endpointID, key, box, given, ports()); err != nil {
		t.Fatal(err)
	}
	e, err := p.c.Endpoint(endpointID)
	if err != nil || e.Attachment == nil || e.MAC.String() != mac.String() || e.SandboxKey != key {
		t.Fatalf("endpoint %+v, %v", e, err)
	}
	want := &sandbox{Names: []string{e.Attachment.SrcName, "foo", ""}, Gateways: []string{"10.7.0.254"}}
	if diff := cmp.Diff(want, box, cmp.AllowUnexported(sandbox{})); diff != "" {
		t.Errorf("sandbox (-want +got):\n%s", diff)
	}
	p.left(1, 1, 1)
	gatewayOf(t, p, endpointID)
	told, err := p.EndpointOperInfo(networkID, endpointID)
	if err != nil || told["linkspan.address"] != "10.7.0.140" || told["linkspan.mac"] != mac.String() {
		t.Errorf("it tells %v, %v", told, err)
	}
	gatewayOf(t, p, "")
	if err := p.Leave(networkID, endpointID); err != nil {
		t.Error(err)
	}
	if err := p.DeleteEndpoint(networkID, endpointID); err != nil {
		t.Error(err)
	}
	if err := p.ipam.ReleaseAddress(pool, address.IP); err != nil {
		t.Error(err)
	}
	heardLife(t, p)
}

// gatewayOf tells the plugin which endpoint is the sandbox's gateway now.
func gatewayOf(t *testing.T, p *plugin, endpoint string) {
	t.Helper()
	if err := p.ProgramExternalConnectivity(t.Context(), networkID, endpointID, endpoint, ""); err != nil {
		t.Errorf("gateway %q: %v", endpoint, err)
	}
}

// heardLife checks that Docker's proxies asked what dockerd's do.
func heardLife(t *testing.T, p *plugin) {
	t.Helper()
	want := []string{
		"NetworkDriver.CreateNetwork", "IpamDriver.RequestAddress", "NetworkDriver.CreateEndpoint", "NetworkDriver.Join",
		"NetworkDriver.ProgramExternalConnectivity", "NetworkDriver.EndpointOperInfo", "NetworkDriver.RevokeExternalConnectivity",
		"NetworkDriver.Leave", "NetworkDriver.DeleteEndpoint", "IpamDriver.ReleaseAddress",
	}
	if diff := cmp.Diff(want, p.heard()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// Nobody gives anything: the pool, the address and the MAC are ours.
func TestNothingGiven(t *testing.T) {
	p := newPlugin(t)
	first, err := p.ipam.RequestPool(ipamapi.PoolRequest{AddressSpace: space})
	if err != nil {
		t.Fatal(err)
	}
	// libnetwork excludes what overlaps with routes of the host, and asks again.
	second, err := p.ipam.RequestPool(ipamapi.PoolRequest{
		AddressSpace: space, Exclude: []netip.Prefix{netip.PrefixFrom(first.Pool.Addr(), first.Pool.Bits()-1)},
	})
	if err != nil || second.Pool.Overlaps(first.Pool) {
		t.Fatalf("pools %v and %v, %v", first.Pool, second.Pool, err)
	}
	for _, pool := range []string{first.PoolID, second.PoolID} {
		if err := p.ipam.ReleasePool(pool); err != nil {
			t.Error(err)
		}
	}
	if pools := p.c.Pools(); len(pools) != 0 {
		t.Errorf("pools are left: %v", pools)
	}

	n := newNetwork(t)
	i := n.endpoint(t, endpointID)
	if len(i.mac) != 6 || i.mac[0]&3 != 2 || i.v4.String() != "10.7.0.2/24" || i.v6 != nil {
		t.Errorf("interface %+v", i)
	}
	if box := n.join(t, endpointID); box.Names[1] != "eth" || !slices.Equal(box.Gateways, []string{"10.7.0.1"}) || box.NoService {
		t.Errorf("sandbox %+v", box)
	}
}

// An internal network has no gateway, and nothing is to take its place.
func TestInternal(t *testing.T) {
	internal := options(nil)
	internal[netlabel.Internal] = true
	n := newNetworkWith(t, internal)
	n.endpoint(t, endpointID)
	if box := n.join(t, endpointID); len(box.Gateways) != 0 || len(box.Routes) != 0 {
		t.Errorf("sandbox %+v", box)
	}
}

// What swarm managers and nodes ask.
func TestSwarm(t *testing.T) {
	p := newPlugin(t)
	given := map[string]string{"linkspan.idle": "45s", "vlan": "9"}
	got, err := p.NetworkAllocate("rdsbidhzmjtqrtqp4slgmjzvo", given, []driverapi.IPAMData{{Pool: cidr("10.66.0.0/24")}}, nil)
	if diff := cmp.Diff(given, got); diff != "" || err != nil {
		t.Errorf("options %v (-given +got):\n%s", err, diff)
	}
	if err := p.NetworkFree("rdsbidhzmjtqrtqp4slgmjzvo"); err != nil {
		t.Error(err)
	}
	node := discoverapi.NodeDiscoveryData{Address: "192.0.2.1", BindAddress: "192.0.2.1", Self: true}
	if err := p.DiscoverNew(discoverapi.NodeDiscovery, node); err != nil {
		t.Error(err)
	}
	if err := p.DiscoverDelete(discoverapi.NodeDiscovery, node); err != nil {
		t.Error(err)
	}
}
