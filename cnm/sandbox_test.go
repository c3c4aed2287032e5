// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/bbolt"
)

func newBridgeHost(t *testing.T) *drivertest.Host {
	t.Helper()
	ovstest.Need(t, "ip")
	return drivertest.NewHost(t, "bridge", bridge.New(bridge.Options{}))
}

func TestNamesAreFoundAndUnique(t *testing.T) {
	h := newBridgeHost(t)
	web, db := h.Net(cnm.NetworkSpec{Name: "web"}), h.Net(cnm.NetworkSpec{Name: "db"})
	box := h.Box("a", web)
	if web.Subnet.Overlaps(db.Subnet) {
		t.Errorf("both networks have %s", web.Subnet)
	}
	for _, said := range []string{web.ID, "web", web.ID[:12]} {
		if n, err := h.FindNetwork(said); err != nil || n.ID != web.ID {
			t.Errorf("network %s: got %s, %v", said, n.Name, err)
		}
	}
	_, err := h.FindNetwork("none")
	wantCode(t, err, linkspan.NotFound)
	e, err := h.FindEndpoint(web.ID, "a")
	must(t, err)
	if s, err := h.SandboxByName("a"); err != nil || len(s.Endpoints) != 1 || s.Endpoints[0].ID != e.ID {
		t.Errorf("sandbox is %+v, %v", s, err)
	}
	if s, err := h.FindSandbox(box.ID[:12]); err != nil || s.ID != box.ID {
		t.Errorf("by the beginning of its id: %+v, %v", s, err)
	}
	_, err = h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "web", Driver: "bridge"})
	wantCode(t, err, linkspan.Exists)
	_, err = h.NewEndpoint(t.Context(), cnm.EndpointSpec{Name: "a", Network: web.ID})
	wantCode(t, err, linkspan.Exists)
	_, err = h.NewSandbox(t.Context(), cnm.SandboxSpec{Name: "a"})
	wantCode(t, err, linkspan.Exists)
	names := []string{}
	for n := range h.WalkNetworks() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"db", "web"}) {
		t.Errorf("walked %v", names)
	}
	wantCode(t, h.DeleteNetwork(t.Context(), web.ID), linkspan.InUse)
}

// What a network cannot have is refused, and nothing is left.
func TestNetworksThatCannotBe(t *testing.T) {
	h := newBridgeHost(t)
	h.Net(cnm.NetworkSpec{Name: "web", Subnets: []cnm.SubnetSpec{{Subnet: prefix("10.7.0.0/24")}}})
	sub := func(s string) []cnm.SubnetSpec { return []cnm.SubnetSpec{{Subnet: prefix(s)}} }
	for name, test := range map[string]struct {
		spec cnm.NetworkSpec
		code linkspan.Code
	}{
		"overlap":  {cnm.NetworkSpec{Subnets: sub("10.7.0.128/25")}, linkspan.Conflict},
		"driver":   {cnm.NetworkSpec{Driver: "none"}, linkspan.NotFound},
		"ipam":     {cnm.NetworkSpec{IPAM: "none"}, linkspan.NotFound},
		"option":   {cnm.NetworkSpec{Options: map[string]string{"x": "y"}}, linkspan.Invalid},
		"ipamopt":  {cnm.NetworkSpec{IPAMOptions: map[string]string{"x": "y"}}, linkspan.Invalid},
		"two":      {cnm.NetworkSpec{Subnets: append(sub("10.8.0.0/24"), sub("10.9.0.0/24")...)}, linkspan.Invalid},
		"families": {cnm.NetworkSpec{NoIPv4: true}, linkspan.Invalid},
		"aux":      {cnm.NetworkSpec{Subnets: sub("10.8.0.0/24"), AuxAddresses: map[string]netip.Addr{"x": netip.MustParseAddr("10.9.0.1")}}, linkspan.Invalid},
		"gateway":  {cnm.NetworkSpec{Subnets: []cnm.SubnetSpec{{Subnet: prefix("10.8.0.0/24"), Gateway: netip.MustParseAddr("10.9.0.1")}}}, linkspan.Invalid},
		"a name":   {cnm.NetworkSpec{}, linkspan.Invalid},
	} {
		test.spec.Name = name
		if test.spec.Driver == "" {
			test.spec.Driver = "bridge"
		}
		_, err := h.NewNetwork(t.Context(), test.spec)
		if linkspan.CodeOf(err) != test.code {
			t.Errorf("%s: got %v, want %s", name, err, test.code)
		}
	}
	if len(h.Networks()) != 1 || len(h.Pools()) != 1 {
		t.Errorf("left are %v and %v", h.Networks(), h.Pools())
	}
}

// The default route goes by the endpoint of the highest priority that there is.
func TestGatewaysAreElected(t *testing.T) {
	h := newBridgeHost(t)
	low, high := h.Net(cnm.NetworkSpec{Name: "a-low"}), h.Net(cnm.NetworkSpec{Name: "b-high"})
	box := h.Box("box", low)
	e, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: high.ID, Priority: 5})
	must(t, err)
	via := func() (gateway string) {
		must(t, box.Do(func() error {
			gateway = ovstest.IP(t, "route", "show", "default")
			return nil
		}))
		return gateway
	}
	wantVia := func(n cnm.Network) {
		t.Helper()
		if want := "default via " + n.Gateway.String() + " "; len(via()) < len(want) || via()[:len(want)] != want {
			t.Errorf("route is %q, want %q", via(), want)
		}
	}
	wantVia(low)
	_, err = h.Join(t.Context(), cnm.JoinRequest{Network: high.ID, Endpoint: e.ID, SandboxKey: box.Key})
	must(t, err)
	wantVia(high)
	must(t, h.Leave(t.Context(), high.ID, e.ID))
	wantVia(low)
}

// Addresses go with the endpoints of NewEndpoint.
func TestAddressesGoWithTheirEndpoint(t *testing.T) {
	h := newBridgeHost(t)
	web := h.Net(cnm.NetworkSpec{Name: "web", IPv6: true})
	box := h.Box("a", web)
	if len(h.Leases()) != 2 {
		t.Errorf("leases are %v, want one of each family", h.Leases())
	}
	must(t, h.DeleteSandbox(t.Context(), box.ID))
	must(t, h.DeleteEndpoint(t.Context(), web.ID, box.Endpoints[0].ID))
	if len(h.Leases()) != 0 {
		t.Errorf("leases are %v", h.Leases())
	}
	_, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: web.ID, Address: netip.MustParseAddr("192.0.2.1")})
	wantCode(t, err, linkspan.Invalid)
}

func TestSandboxesThatWereGiven(t *testing.T) {
	h := newBridgeHost(t)
	path := ovstest.Namespace(t)
	s, err := h.NewSandbox(t.Context(), cnm.SandboxSpec{Name: "given", Path: path})
	must(t, err)
	must(t, h.DeleteSandbox(t.Context(), s.ID))
	ns, err := netns.Open(path)
	if err != nil {
		t.Fatalf("the namespace went with the record: %v", err)
	}
	must(t, ns.Close())
	_, err = h.NewSandbox(t.Context(), cnm.SandboxSpec{Path: filepath.Join(t.TempDir(), "none")})
	wantCode(t, err, linkspan.NotFound)
	if len(h.Sandboxes()) != 0 {
		t.Errorf("left are %v", h.Sandboxes())
	}
}

// persistent is a controller on a file.
func persistent(t *testing.T, folder string) (*cnm.Controller, kv.Store) {
	t.Helper()
	store, err := bbolt.Open(filepath.Join(folder, "state.db"))
	must(t, err)
	c, err := cnm.New(cnm.Options{
		Store: store, Sandboxes: filepath.Join(folder, "netns"),
		Drivers: map[string]cnm.Driver{"bridge": bridge.New(bridge.Options{})},
		IPAMs:   map[string]cnm.IPAM{"pool": pool.New(pool.Options{})},
	})
	must(t, err)
	return c, store
}

// Everything survives a restart; what no record is of does not.
func TestARestartWithAFile(t *testing.T) {
	ovstest.Need(t, "ip", "ping")
	folder := t.TempDir()
	c, store := persistent(t, folder)
	web, err := c.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "web", Driver: "bridge"})
	must(t, err)
	keys := []string{}
	for _, name := range []string{"a", "b"} {
		s, err := c.NewSandbox(t.Context(), cnm.SandboxSpec{Name: name})
		must(t, err)
		e, err := c.NewEndpoint(t.Context(), cnm.EndpointSpec{Name: name, Network: web.ID})
		must(t, err)
		_, err = c.Join(t.Context(), cnm.JoinRequest{Network: web.ID, Endpoint: e.ID, SandboxKey: s.Key})
		must(t, err)
		keys = append(keys, s.Key)
	}
	must(t, store.Close())
	must(t, netns.Create(filepath.Join(folder, "netns", "leftover")))
	ovstest.IP(t, "link", "add", "lbv-leftover", "type", "veth", "peer", "name", "lbp-leftover")
	must(t, netns.Destroy(keys[1])) // as if somebody had taken it away

	c, store = persistent(t, folder)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- c.Run(ctx) }()
	ovstest.Eventually(t, "leftovers are gone", func() bool {
		_, err := os.Stat(filepath.Join(folder, "netns", "leftover"))
		_, linkErr := net.InterfaceByName("lbv-leftover")
		_, boxErr := c.SandboxByName("b")
		return errors.Is(err, os.ErrNotExist) && linkErr != nil && boxErr != nil
	})
	cancel()
	<-ran
	a, err := c.SandboxByName("a")
	must(t, err)
	b, err := c.EndpointByName(web.ID, "b")
	must(t, err)
	if b.State != cnm.Created || len(a.Endpoints) != 1 {
		t.Errorf("endpoint b is %s, sandbox a has %v", b.State, a.Endpoints)
	}
	must(t, a.Do(func() error { ovstest.IP(t, "address", "show", "eth0"); return nil }))
	other, err := c.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: web.ID})
	must(t, err)
	if other.Address == b.Address || other.Address == a.Endpoints[0].Address {
		t.Errorf("address %s was given twice", other.Address)
	}
	must(t, c.DeleteSandbox(t.Context(), a.ID))
	for e := range c.WalkEndpoints("") {
		must(t, c.DeleteEndpoint(t.Context(), web.ID, e.ID))
	}
	must(t, c.DeleteNetwork(t.Context(), web.ID))
	if left := ovstest.IP(t, "-o", "link", "show"); len(c.Leases())+len(c.Pools()) > 0 || countLinks(left) != 1 {
		t.Errorf("left are %v, %v and links\n%s", c.Leases(), c.Pools(), left)
	}
	must(t, store.Close())
}

func countLinks(listed string) int {
	n := 0
	for _, r := range listed {
		if r == '\n' {
			n++
		}
	}
	return n
}
