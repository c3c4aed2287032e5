// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// container makes one of the network on br-link, as a driver does. Its MAC address and its port follow from its
// address.
func (w *world) container(name string, last byte) {
	w.t.Helper()
	ns := ovstest.Namespace(w.t)
	w.hosts[name] = strings.Replace(ns, "/self/", fmt.Sprintf("/%d/", os.Getpid()), 1)
	must(w.t, netns.CreateVeth(w.t.Context(), netns.Veth{Host: name, Peer: name + "0", MAC: macOf(last)}))
	ovstest.IP(w.t, "link", "set", name+"0", "netns", w.hosts[name])
	w.in(name, "ip", "addr", "add", fmt.Sprintf("10.7.0.%d/24", last), "dev", name+"0")
	w.in(name, "ip", "link", "set", name+"0", "up")
	must(w.t, w.link.AddPort(w.t.Context(), ovs.Port{Name: name, OFPort: uint32(last)}))
	w.in(name, "ip", "addr", "add", fmt.Sprintf("fd07::%d/64", last), "dev", name+"0", "nodad")
	second := netip.MustParseAddr(fmt.Sprintf("fd07::%d", last))
	w.hub.Update(view.PutEndpoint(&linkspan.Endpoint{Network: 7, Address: second, Chassis: 1, Container: name}))
	w.hub.Update(view.PutEndpoint(&linkspan.Endpoint{
		Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), Address6: second, Chassis: 1, ID: name, Container: name, MAC: macOf(last), Port: uint32(last),
	}))
}

func TestContainersAndHostsReachEachOtherWhoeverDecides(t *testing.T) {
	w := newWorld(t)
	w.container("k", 20)
	must(t, w.configure(vlan10()...))
	w.reaches("a", 20)
	w.reaches("k", 3) // which has sent nothing
	must(t, w.configure("set control mode sdn"))
	w.reaches("a", 20)
	w.reaches("k", 3)
	w.reaches("a", 3)
	must(t, w.configure("set control mode hybrid", "set ports b control sdn"))
	w.reaches("a", 20)
	w.reaches("k", 3)
	w.reaches("k", 4)
	w.reaches("a", 3)
	w.container("late", 21)
	w.reaches("a", 21)
	if out := w.in("a", "ip", "neigh", "show", "10.7.0.20"); !strings.Contains(out, "02:ff:00:00:00:01") {
		t.Errorf("the container is not behind the router: %s", out)
	}
}

func TestAHostBehindATrunkReachesContainers(t *testing.T) {
	w := newWorld(t)
	w.container("k", 20)
	w.behind("up", "e", 9)
	must(t, w.configure(append(vlan10(), "set ports up mode trunk", "set ports up allowed-vlans 10")...))
	w.reaches("e", 20)
	w.reaches("k", 9)
	w.reaches("e", 2)
}

func TestChangesLoseNothingBetweenContainersAndHosts(t *testing.T) {
	w := newWorld(t)
	w.container("k", 20)
	must(t, w.configure(vlan10()...))
	w.reaches("a", 20)
	w.reaches("k", 3)
	w.losslessBetween("a", "k", 20, func() {
		for i := range 6 {
			must(t, w.configure("set control mode "+[]string{"sdn", "traditional"}[i%2]))
		}
	})
}

// A host that is heard by a trunk and is another switch's endpoint keeps nothing from changing hands.
func TestAHostOfAnotherSwitchKeepsNoChange(t *testing.T) {
	w := newWorld(t)
	other := linkspan.Endpoint{
		Network: 7, Address: netip.MustParseAddr("10.7.0.4"), Chassis: 2, ID: "station-10-10.7.0.4", Container: "host-10-7-0-4", MAC: macOf(4), Port: 100,
	}
	w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: 2, Name: "h2", Underlay: netip.MustParseAddr("192.0.2.2")}))
	w.hub.Update(view.PutEndpoint(&other))
	must(t, w.configure(vlan10()...))
	w.reaches("a", 4) // by the VLAN
	must(t, w.configure("set control mode sdn"))
	w.reaches("a", 3)
	must(t, w.configure("set control mode traditional"))
	w.reaches("a", 4)
	if e := w.hub.View().Endpoint(view.KeyOf(&other)); e == nil || e.Chassis != 2 {
		t.Errorf("it is %+v", e)
	}
}

// A container's address is not a host's where the switch itself decides either.
func TestAHostWithAContainersAddressIsNotInTheFabric(t *testing.T) {
	w := newWorld(t)
	w.container("k", 20)
	must(t, w.configure(vlan10()...))
	w.reaches("a", 20)
	w.in("c", "ip", "addr", "add", "10.7.0.20/24", "dev", "c0")
	for range 3 {
		_, _ = w.try("c", "ping", "-n", "-c1", "-W1", "-I", "10.7.0.20", "10.7.0.3")
	}
	for _, e := range w.fabric.Endpoints() {
		if e.Address == netip.MustParseAddr("10.7.0.20") && e.Container != "k" {
			t.Errorf("%+v", e)
		}
	}
	w.reaches("k", 2)
}
