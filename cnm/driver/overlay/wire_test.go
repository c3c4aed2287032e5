// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// number has the fabric number a host's networks, and makes two that stand for one
// of it, as Docker and sandboxes do. As the addresses of each are its own here, they
// are of one half of the subnet each.
func (h *host) number() (one, two cnm.Network) {
	h.t.Helper()
	h.do(func() {
		must(h.t, h.DeleteNetwork(h.t.Context(), h.net.ID))
		h.options.Numbered = true
		h.driver = newDriver(h.t, h.options)
		h.Host = drivertest.NewHost(h.t, "overlay", h.driver)
		for name, n := range map[string]*cnm.Network{"0": &one, "128": &two} {
			made := h.Net(cnm.NetworkSpec{Name: "half" + name, Subnets: []cnm.SubnetSpec{
				{Subnet: netip.MustParsePrefix("10.7.0." + name + "/25")}, {Subnet: netip.MustParsePrefix("fd00:7:0:" + name + "::/64")},
			}})
			must(h.t, h.Bind(h.t.Context(), made.ID, linkspan.Network{ID: 42, Name: "multi"}))
			var err error
			*n, err = h.Network(made.ID)
			must(h.t, err)
		}
	})
	return one, two
}

// leave takes a box out of its network.
func (h *host) leave(b drivertest.Box) {
	h.t.Helper()
	e := b.Endpoints[0]
	h.do(func() {
		must(h.t, h.Leave(h.t.Context(), e.Network, e.ID))
		must(h.t, h.DeleteEndpoint(h.t.Context(), e.Network, e.ID))
	})
}

// Two networks of a host that stand for one of the fabric are one: on the host, to
// others, when either goes, and for a driver that starts anew when only the one is
// left that the links are not named after.
func TestNetworksThatStandForOne(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	h := hosts[0]
	one, two := h.number()
	a, b, far := h.box("a", one, 10), h.box("b", two, 130), hosts[1].box("far", hosts[1].net, 12)
	for _, box := range []drivertest.Box{a, b} {
		must(t, box.Do(func() error { ovstest.IP(t, "route", "add", "10.7.0.0/24", "dev", "eth0"); return nil }))
	}
	for _, box := range []drivertest.Box{b, far} {
		box.Serve(80)
	}
	a.WantReach(b.Address(0), 80, a.Address(0).String())
	a.WantReach(far.Address(0), 80, a.Address(0).String())
	b.WantReach(far.Address(0), 80, b.Address(0).String())
	if networks, peers := h.driver.Count(); networks != 1 || peers != 1 {
		t.Errorf("%d networks and %d peers", networks, peers)
	}
	h.leave(a)
	h.do(func() { must(t, h.DeleteNetwork(t.Context(), one.ID)) })
	b.WantReach(far.Address(0), 80, "")
	again := newDriver(t, h.options)
	h.do(func() {
		must(t, again.Restore([]cnm.Network{two}, b.Endpoints))
		_, err := again.Sweep(t.Context(), func() []cnm.Endpoint { return b.Endpoints })
		must(t, err)
	})
	if diff := cmp.Diff(h.driver.Peers(42), again.Peers(42), cmp.Comparer(func(x, y overlay.Peer) bool { return x == y })); diff != "" {
		t.Errorf("peers that were read back (-told +read):\n%s", diff)
	}
	b.WantReach(far.Address(0), 80, "")
	h.leave(b)
	h.do(func() { must(t, again.DeleteNetwork(t.Context(), two)) })
	if _, err := netns.Open(h.options.Namespace); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("the namespace of the links is left: %v", err)
	}
}
