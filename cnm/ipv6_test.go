// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// TestBothFamiliesInTheFabric: an endpoint of a network of the fabric gets an address of
// each family there, joins with both and both gateways, and gives both back.
func TestBothFamiliesInTheFabric(t *testing.T) {
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	w := cnmtest.NewWorld(db)
	six := linkspan.Network{ID: 8, Name: "six", Subnet: netip.MustParsePrefix("10.8.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:8::/64")}
	six.ApplyDefaults()
	w.Fabric.Put(six)
	c, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	n, err := c.NewNetwork(ctx, cnm.NetworkSpec{
		Name: "six", Driver: "hotplug", IPAM: "pool", IPv6: true,
		Subnets: []cnm.SubnetSpec{{Subnet: six.Subnet}, {Subnet: six.Subnet6}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Bind(ctx, n.ID, six); err != nil {
		t.Fatal(err)
	}
	e, err := c.NewEndpoint(ctx, cnm.EndpointSpec{Network: n.ID, Name: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Address.String() != "10.8.0.2/24" || e.Address6.String() != "fd00:8::2/64" {
		t.Errorf("addresses %s and %s", e.Address, e.Address6)
	}
	if _, err := c.NewEndpoint(ctx, cnm.EndpointSpec{Network: n.ID, Name: "c2", Address6: e.Address6.Addr()}); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("an address twice: %v", err)
	}
	a, err := c.Join(ctx, cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: "/proc/self/ns/net"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Gateway != six.Gateway || a.Gateway6 != six.Gateway6 {
		t.Errorf("gateways %s and %s", a.Gateway, a.Gateway6)
	}
	held := map[netip.Addr]linkspan.Endpoint{}
	for _, h := range w.Fabric.Endpoints() {
		held[h.Address] = h
	}
	first, second := held[e.Address.Addr()], held[e.Address6.Addr()]
	if first.Address6 != e.Address6.Addr() || !first.Attached() || second.Attached() || len(held) != 2 {
		t.Errorf("the fabric has %+v", held)
	}
	if err := c.Leave(ctx, n.ID, e.ID); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteEndpoint(ctx, n.ID, e.ID); err != nil {
		t.Fatal(err)
	}
	if left := w.Fabric.Endpoints(); len(left) > 0 {
		t.Errorf("the fabric still has %+v", left)
	}
}
