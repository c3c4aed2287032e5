// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// alone begins without a gateway in the namespace, and ends so.
func alone(t *testing.T) {
	t.Helper()
	ovstest.Need(t)
	t.Cleanup(func() {
		if err := Remove(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func opened(t *testing.T) *Gateway {
	t.Helper()
	return gatewayOf(t, Config{Range: DefaultRange(), MTU: 1450})
}

func gatewayOf(t *testing.T, cfg Config) *Gateway {
	t.Helper()
	g, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func endpoint(id string, port uint32, published ...cnm.PortMap) cnm.Endpoint {
	return cnm.Endpoint{ID: id, Port: port, PortMaps: published}
}

// translated returns to whom the kernel translates ports of any address.
func translated(t *testing.T) (to []string) {
	t.Helper()
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	set, err := conn.GetSetByName(table(), "ports4")
	if err != nil {
		t.Fatal(err)
	}
	elements, err := conn.GetSetElements(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range elements {
		a, _ := netip.AddrFromSlice(e.Val[:4])
		to = append(to, a.String())
	}
	slices.Sort(to)
	return to
}

// TestPublish: a port is the container's and nobody else's, as long as it is there, and
// a later process takes it again.
func TestPublish(t *testing.T) {
	alone(t)
	g := opened(t)
	one := endpoint("one", 258, cnm.PortMap{Proto: 6, Port: 80, HostPort: 8080}, cnm.PortMap{Proto: 17, Port: 53, HostPort: 5000, HostPortEnd: 5001})
	var err error
	if one.Published, err = g.Publish(one); err != nil {
		t.Fatal(err)
	}
	if got := one.PublishedPorts(); !slices.Equal(got, []string{"0.0.0.0:8080->80/tcp", "0.0.0.0:5000->53/udp"}) {
		t.Errorf("published are %q", got)
	}
	two := endpoint("two", 259, cnm.PortMap{Proto: 6, Port: 80, HostPort: 8080})
	if _, err := g.Publish(two); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("a port that is taken: %v", err)
	}
	if got := translated(t); !slices.Equal(got, []string{"100.127.1.2", "100.127.1.2"}) {
		t.Errorf("translated to %q", got)
	}
	if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "0.0.0.0:8080"); err == nil {
		_ = l.Close()
		t.Error("somebody else on the host takes the port")
	}
	g.Close()
	again := opened(t)
	again.Restore([]cnm.Endpoint{one})
	if err := again.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := translated(t); len(got) != 2 {
		t.Errorf("after a restart translated to %q", got)
	}
	if _, err := again.Publish(two); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("a port that is taken, after a restart: %v", err)
	}
	if err := again.Left(one); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Publish(two); err != nil {
		t.Errorf("a port that is free again: %v", err)
	}
	if got := translated(t); !slices.Equal(got, []string{"100.127.1.3"}) {
		t.Errorf("translated to %q", got)
	}
	if _, published := again.State(); published != 1 {
		t.Errorf("%d published", published)
	}
}

// TestLinkStays: opening again changes nothing, and what somebody broke is mended.
func TestLinkStays(t *testing.T) {
	alone(t)
	opened(t)
	index := func() int {
		l, err := netlink.LinkByName(link)
		if err != nil {
			t.Fatal(err)
		}
		return l.Attrs().Index
	}
	was := index()
	g := opened(t)
	if index() != was {
		t.Error("the link was made anew")
	}
	l, err := netlink.LinkByName(link)
	if err == nil {
		err = netlink.LinkSetDown(l)
	}
	if err == nil {
		err = g.Mend(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	routes, err := netlink.RouteList(l, netlink.FAMILY_V4)
	if err != nil || len(routes) != 1 || routes[0].Dst.String() != DefaultRange().String() || routes[0].MTU != 1450 {
		t.Errorf("routes %v, %v", routes, err)
	}
	if err := Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := netlink.LinkByName(link); err == nil || tableThere() {
		t.Error("something is left")
	}
}

// neighbour has the host reach others directly, under a prefix.
func neighbour(t *testing.T, prefix string) {
	t.Helper()
	lan := netlink.NewVeth(netlink.LinkAttrs{Name: "lan"})
	lan.PeerName = "lan-far"
	address, err := netlink.ParseAddr(prefix)
	if err == nil {
		err = netlink.LinkAdd(lan)
	}
	if err == nil {
		err = netlink.LinkSetUp(lan)
	}
	if err == nil {
		err = netlink.AddrAdd(lan, address)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netlink.LinkDel(lan) })
}

// TestClash: a range that the host has a route to is refused, with words.
func TestClash(t *testing.T) {
	alone(t)
	neighbour(t, "100.127.3.1/24")
	_, err := Open(t.Context(), Config{Range: DefaultRange()})
	if linkspan.CodeOf(err) != linkspan.Conflict || linkspan.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	other := netip.MustParsePrefix("10.255.0.0/16")
	g, err := Open(t.Context(), Config{Range: other})
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
}
