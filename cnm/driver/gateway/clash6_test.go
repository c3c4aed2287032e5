// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
)

// routes lists where the link leads to, of both families.
func routes(t *testing.T) (list []string) {
	t.Helper()
	l, err := netlink.LinkByName(link)
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		all, err := netlink.RouteList(l, family)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if r.Gw != nil {
				list = append(list, r.Dst.String())
			}
		}
	}
	return list
}

// TestClash6: a range of IPv6 that the host has a route to takes the way of IPv6 alone,
// unless it was chosen.
func TestClash6(t *testing.T) {
	alone(t)
	if !has6() {
		t.Skip("the kernel has no IPv6")
	}
	both := Config{Range: DefaultRange(), Range6: DefaultRange6()}
	g := gatewayOf(t, both)
	if got := fmt.Sprint(routes(t), g.Without6()); got != "[100.127.0.0/16 fd6c:7367:7700::/112] <nil>" {
		t.Errorf("at first: %s", got)
	}
	neighbour(t, "fd6c:7367:7700::1/64") // of somebody else, and wider
	l, err := netlink.LinkByName(link)
	if err == nil {
		err = netlink.LinkSetDown(l) // which takes the routes
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Mend(t.Context()); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("mending tells %v", err)
	}
	if got := fmt.Sprint(routes(t)); got != "[100.127.0.0/16]" {
		t.Errorf("mended is %s", got)
	}
	chosen := both
	chosen.Chosen6 = true
	if _, err := Open(t.Context(), chosen); linkspan.CodeOf(err) != linkspan.Conflict || linkspan.HintOf(err) == "" {
		t.Errorf("a range that was chosen: %v", err)
	}
	again := gatewayOf(t, both)
	if err := again.Mend(t.Context()); err != nil {
		t.Error(err)
	}
	own, _ := again.State()
	if got := fmt.Sprint(routes(t), own); got != "[100.127.0.0/16] [100.127.0.0/16]" || linkspan.CodeOf(again.Without6()) != linkspan.Conflict {
		t.Errorf("without IPv6: %s, %v", got, again.Without6())
	}
	chosen.Range6 = netip.MustParsePrefix("fd00:6::/112")
	gatewayOf(t, chosen)
	if got := fmt.Sprint(routes(t)); got != "[100.127.0.0/16 fd00:6::/112]" {
		t.Errorf("with another range: %s", got)
	}
}
