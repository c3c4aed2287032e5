// SPDX-License-Identifier: Apache-2.0

package hotplug_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/ovs/netns"
)

func network() cnm.Network {
	return cnm.Network{
		ID: "n", Fabric: 7, Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: netip.MustParseAddr("10.7.0.1"),
	}
}

func endpoint(id, address string) cnm.Endpoint {
	return cnm.Endpoint{ID: id, Network: "n", Address: netip.MustParsePrefix(address)}
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := hotplug.New(hotplug.Options{}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestTheLowestFreePortIsTaken(t *testing.T) {
	d := newDriver(t, newWorld(t))
	if err := d.Restore(nil, []cnm.Endpoint{{ID: "old", Port: 101}}); err != nil {
		t.Fatal(err)
	}
	want := []uint32{100, 102, 103}
	var got []uint32
	for i := range want {
		e, err := d.CreateEndpoint(t.Context(), network(), endpoint(fmt.Sprint(i), "10.7.0.9/24"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Port)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if err := d.DeleteEndpoint(t.Context(), network(), endpoint("old", "10.7.0.9/24")); err != nil {
		t.Fatal(err)
	}
	if e, err := d.CreateEndpoint(t.Context(), network(), endpoint("new", "10.7.0.9/24")); err != nil || e.Port != 101 {
		t.Errorf("got port %d, %v; want the freed 101", e.Port, err)
	}
}

func TestPortsRunOut(t *testing.T) {
	d := newDriver(t, newWorld(t))
	last := uint32(0)
	for i := 0; ; i++ {
		e, err := d.CreateEndpoint(t.Context(), network(), endpoint(fmt.Sprint(i), "10.7.0.9/24"))
		if err != nil {
			if linkspan.CodeOf(err) != linkspan.Exhausted || last != linkspan.MaxPort {
				t.Errorf("got %v after port %d, want exhausted after %d", err, last, linkspan.MaxPort)
			}
			return
		}
		last = e.Port
	}
}

func TestAnAddressAlwaysHasTheSameMAC(t *testing.T) {
	d := newDriver(t, newWorld(t))
	mac := func(fabric linkspan.NetworkID, id, address string) linkspan.MAC {
		n := network()
		n.Fabric = fabric
		e, err := d.CreateEndpoint(t.Context(), n, endpoint(id, address))
		if err != nil {
			t.Fatal(err)
		}
		return e.MAC
	}
	first := mac(7, "a", "10.7.0.2/24")
	if again := mac(7, "b", "10.7.0.2/24"); again != first {
		t.Errorf("got %s, then %s", first, again)
	}
	if other := mac(8, "c", "10.7.0.2/24"); other == first {
		t.Errorf("two networks share %s", first)
	}
}

func TestWhatAnEndpointNeeds(t *testing.T) {
	d := newDriver(t, newWorld(t))
	unbound := network()
	unbound.Fabric = 0
	if _, err := d.CreateEndpoint(t.Context(), unbound, endpoint("a", "10.7.0.2/24")); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("unbound: got %v", err)
	}
	if _, err := d.CreateEndpoint(t.Context(), network(), endpoint("a", "fd91::2/64")); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("IPv6: got %v", err)
	}
}

func TestASecondAddress(t *testing.T) {
	d := newDriver(t, newWorld(t))
	six := network()
	six.Subnet6, six.Gateway6 = netip.MustParsePrefix("fd91::/64"), netip.MustParseAddr("fd91::1")
	e := endpoint("a", "10.7.0.2/24")
	e.Address6 = netip.MustParsePrefix("fd91::2/64")
	if _, err := d.CreateEndpoint(t.Context(), six, e); err != nil {
		t.Error(err)
	}
	if _, err := d.CreateEndpoint(t.Context(), network(), e); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("where there is no IPv6: %v", err)
	}
	for name, small := range map[string]func(*cnm.Network){
		"by the fabric": func(n *cnm.Network) { n.MTU = 1279 },
		"by its option": func(n *cnm.Network) { n.Options = map[string]string{hotplug.OptionMTU: "1279"} },
	} {
		n := six
		small(&n)
		if err := d.CreateNetwork(t.Context(), n); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("packets that are too small, %s: %v", name, err)
		}
	}
}

func TestMTU(t *testing.T) {
	for _, test := range []struct {
		name    string
		options map[string]string
		bound   int
		want    int
	}{
		{"nothing said", nil, 0, 1450},
		{"by the network in Docker", map[string]string{hotplug.OptionMTU: "1400"}, 0, 1400},
		{"by the fabric", nil, 1300, 1300},
		{"by the fabric, too large for this host", nil, 9000, 1450},
		{"may be direct", map[string]string{hotplug.OptionTransport: "auto"}, 0, 1450},
		{"must be direct", map[string]string{hotplug.OptionTransport: "direct"}, 0, 1500},
		{"must be direct, smaller", map[string]string{hotplug.OptionTransport: "direct"}, 1480, 1480},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			d := newDriver(t, w)
			n := network()
			n.Options, n.MTU = test.options, test.bound
			e, err := d.CreateEndpoint(t.Context(), n, endpoint("a", "10.7.0.2/24"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Fabric.Reserve(t.Context(), 7, e.Address.Addr(), ""); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Join(t.Context(), n, e); err != nil {
				t.Fatal(err)
			}
			if v, _ := w.Links.Veth(e.HostInterface); v.MTU != test.want || v.MAC != e.MAC || v.Offload != netns.OffloadNone {
				t.Errorf("veth is %+v, want MTU %d", v, test.want)
			}
		})
	}
}

// When the fabric refuses, port and veth are taken back.
func TestAFailedJoinLeavesNothing(t *testing.T) {
	w := newWorld(t)
	d := newDriver(t, w)
	e, err := d.CreateEndpoint(t.Context(), network(), endpoint("a", "10.7.0.2/24"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Join(t.Context(), network(), e); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v, want that the address is not reserved", err)
	}
	if left := traces(t, w); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOptionsOfANetwork(t *testing.T) {
	d := newDriver(t, newWorld(t))
	for _, test := range []struct {
		key, value string
		fine       bool
	}{
		{hotplug.OptionIdle, "30s", true},
		{hotplug.OptionIdle, "2m", true},
		{hotplug.OptionIdle, "30", false},
		{hotplug.OptionIdle, "1500ms", false},
		{hotplug.OptionIdle, "19h", false},
		{hotplug.OptionMTU, "1450", true},
		{hotplug.OptionMTU, "1451", false},
		{hotplug.OptionMTU, "575", false},
		{hotplug.OptionMTU, "", false},
		{hotplug.OptionTransport, "tunnel", true},
		{hotplug.OptionTransport, "pigeon", false},
		{hotplug.OptionInterface, "lan", true},
		{hotplug.OptionInterface, "lan0", false},
		{hotplug.OptionInterface, "much-too-long", false},
		{hotplug.OptionEgress, "100mbit", true},
		{hotplug.OptionIngress, "none", true},
		{hotplug.OptionIngress, "100", false},
		{"linkspan.network", "00000a", false},
		{"linkspan.Idle", "30s", false},
		{"mtu", "1400", false},
	} {
		n := network()
		n.Options = map[string]string{test.key: test.value}
		err := d.CreateNetwork(t.Context(), n)
		if (err == nil) != test.fine || err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s=%q: got %v", test.key, test.value, err)
		}
	}
}
