// SPDX-License-Identifier: Apache-2.0

package store

import (
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
)

// TestAttachWithASecondAddress: an endpoint has a second address only if its own chassis
// has that reserved; who has the one has not the other for it.
func TestAttachWithASecondAddress(t *testing.T) {
	s, ctx := open(t), t.Context()
	n, err := s.CreateNetwork(ctx, linkspan.Network{
		Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:7::/64"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var hosts [2]linkspan.Chassis
	for i, name := range []string{"h1", "h2"} {
		hosts[i], err = s.CreateChassis(ctx, linkspan.Chassis{Name: name, Underlay: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})})
		if err != nil {
			t.Fatal(err)
		}
	}
	e := linkspan.Endpoint{Network: n.ID, Address: netip.MustParseAddr("10.7.0.2"), Chassis: hosts[0].ID}
	other := linkspan.Endpoint{Network: n.ID, Address: netip.MustParseAddr("fd00:7::2"), Chassis: hosts[1].ID}
	for _, reserve := range []linkspan.Endpoint{e, other} {
		if err := s.Reserve(ctx, reserve); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Reserve(ctx, linkspan.Endpoint{Network: n.ID, Address: n.Gateway6, Chassis: 1}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("the gateway's address: %v", err)
	}
	e.Address6, e.Port, e.MAC = other.Address, 100, linkspan.MAC{2, 0, 10, 7, 0, 2}
	if err := s.Attach(ctx, e); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("the second address of another chassis: %v", err)
	}
	if err := s.Release(ctx, n.ID, other.Address, hosts[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Attach(ctx, e); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a second address that nobody has reserved: %v", err)
	}
	other.Chassis = hosts[0].ID
	if err := s.Reserve(ctx, other); err != nil {
		t.Fatal(err)
	}
	if err := s.Attach(ctx, e); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Endpoint(ctx, n.ID, e.Address); err != nil || got.Address6 != other.Address {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := s.RemoveNetwork(ctx, n.ID); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("the network goes: %v", err)
	}
}
