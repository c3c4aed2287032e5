// SPDX-License-Identifier: Apache-2.0

package macvlan_test

import (
	"context"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/macvlan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func newDriver() cnm.Driver { return macvlan.New() }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wire makes the host's link up0, and a namespace at its other end, which has
// 10.7.0.1.
func wire(t *testing.T) *netns.Sandbox {
	t.Helper()
	ovstest.Need(t, "ip")
	kinds, err := netns.ProbeKinds()
	must(t, err)
	if !kinds.Macvlan {
		t.Skip("the kernel has no macvlan links (CONFIG_MACVLAN)")
	}
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	ovstest.IP(t, "link", "add", "up0", "type", "veth", "peer", "name", "out0")
	t.Cleanup(func() { ovstest.IP(t, "link", "delete", "up0"); must(t, box.Close()) })
	must(t, box.Take("out0", "out0"))
	ovstest.IP(t, "link", "set", "up0", "up")
	must(t, box.Do(func() error {
		ovstest.IP(t, "address", "add", "10.7.0.1/24", "dev", "out0")
		ovstest.IP(t, "link", "set", "out0", "up")
		return nil
	}))
	return box
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
		wire(t)
		return drivertest.Fixture{
			Driver: newDriver(), Restart: newDriver, Traces: func() []string { return traces(t) },
			Options: map[string]string{macvlan.OptionParent: "up0"},
		}
	})
}

func TestConformanceWithoutParent(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
		wire(t)
		t.Cleanup(func() {
			_, err := macvlan.New().Sweep(context.WithoutCancel(t.Context()), func() []cnm.Endpoint { return nil })
			must(t, err)
		})
		return drivertest.Fixture{Driver: newDriver(), Restart: newDriver, Traces: func() []string { return traces(t) }}
	})
}

func traces(t *testing.T) []string {
	t.Helper()
	links, err := kernel.List(t.Context(), "lmv-", "lmp-")
	must(t, err)
	var found []string
	for _, l := range links {
		found = append(found, l.Attrs().Name)
	}
	return found
}

func spec(name string, options map[string]string) cnm.NetworkSpec {
	return cnm.NetworkSpec{
		Name: name, Options: options,
		Subnets: []cnm.SubnetSpec{{Subnet: netip.MustParsePrefix("10.7.0.0/24")}, {Subnet: netip.MustParsePrefix("fd00:7::/64")}},
	}
}

// Containers are in the layer 2 outside, and reach each other as the mode says.
func TestModes(t *testing.T) {
	for mode, reach := range map[string]bool{"bridge": true, "private": false, "vepa": false} {
		t.Run(mode, func(t *testing.T) {
			outside := wire(t)
			h := drivertest.NewHost(t, "macvlan", newDriver())
			n := h.Net(spec("lan", map[string]string{macvlan.OptionParent: "up0", macvlan.OptionMode: mode}))
			a, b := h.Box("a", n), h.Box("b", n)
			s, err := h.NewSandbox(t.Context(), cnm.SandboxSpec{Path: outside.Path()})
			must(t, err)
			h.Wrap(s).Serve(80)
			b.Serve(80)
			a.WantReach(netip.MustParseAddr("10.7.0.1"), 80, a.Address(0).String())
			if reach {
				a.WantReach(b.Address(0), 80, a.Address(0).String())
				a.WantReach(b.Address6(0), 80, a.Address6(0).String())
			} else {
				a.WantCut(b.Address(0), 80)
			}
		})
	}
}

func TestPassthruHasOneEndpoint(t *testing.T) {
	wire(t)
	h := drivertest.NewHost(t, "macvlan", newDriver())
	n := h.Net(spec("lan", map[string]string{macvlan.OptionParent: "up0", macvlan.OptionMode: "passthru"}))
	a := h.Box("a", n)
	if link := ovstest.IP(t, "link", "show", "up0"); !strings.Contains(link, a.Endpoints[0].MAC.String()) {
		t.Errorf("the endpoint has %s, its parent is %s", a.Endpoints[0].MAC, link)
	}
	e, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID})
	must(t, err)
	_, err = h.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: a.Key})
	if linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("a second one: got %v", err)
	}
}

func TestParentsThatAreMade(t *testing.T) {
	wire(t)
	h := drivertest.NewHost(t, "macvlan", newDriver())
	n, err := h.NewNetwork(t.Context(), cnm.NetworkSpec{
		Name: "tagged", Driver: "macvlan", Options: map[string]string{macvlan.OptionParent: "up0.50"},
	})
	if linkspan.CodeOf(err) == linkspan.Unavailable { // as it should be where the kernel cannot
		if hint := linkspan.HintOf(err); !strings.Contains(err.Error(), "CONFIG_VLAN_8021Q") || !strings.Contains(hint, "modprobe 8021q") {
			t.Errorf("got %v, hint %q", err, hint)
		}
		if len(h.Networks()) != 0 {
			t.Error("the network is there all the same")
		}
		return
	}
	must(t, err)
	ovstest.IP(t, "link", "show", "up0.50")
	must(t, h.DeleteNetwork(t.Context(), n.ID))
	if links := ovstest.IP(t, "link", "show"); strings.Contains(links, "up0.50") {
		t.Error("the parent stays")
	}
}

func TestWrongParentsAreRefused(t *testing.T) {
	wire(t)
	h := drivertest.NewHost(t, "macvlan", newDriver())
	h.Net(spec("lan", map[string]string{macvlan.OptionParent: "up0"}))
	for parent, code := range map[string]linkspan.Code{
		"none": linkspan.Invalid, "none.5": linkspan.Invalid, "up0.5000": linkspan.Invalid, "up0": linkspan.Conflict, "a/b": linkspan.Invalid,
	} {
		_, err := h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "other", Driver: "macvlan", Options: map[string]string{macvlan.OptionParent: parent}})
		if linkspan.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %s", parent, err, code)
		}
	}
}

// The link goes when its endpoint leaves, also out of a sandbox that is not the
// controller's, from which nobody takes it.
func TestALinkInAForeignSandboxGoes(t *testing.T) {
	wire(t)
	path := ovstest.Namespace(t)
	h := drivertest.NewHost(t, "macvlan", newDriver())
	n := h.Net(spec("lan", map[string]string{macvlan.OptionParent: "up0"}))
	e, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID})
	must(t, err)
	a, err := h.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: path})
	must(t, err)
	box, err := netns.Open(path)
	must(t, err)
	must(t, box.Take(a.SrcName, "eth0"))
	must(t, h.Leave(t.Context(), n.ID, e.ID))
	if _, err := box.Netlink().LinkByName("eth0"); !kernel.Missing(err) {
		t.Errorf("it is still there: %v", err)
	}
	must(t, box.Close())
}
