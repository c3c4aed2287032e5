// SPDX-License-Identifier: Apache-2.0

package netns_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sysctl(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile("/proc/sys/net/" + path)
	must(t, err)
	return strings.TrimSpace(string(data))
}

func attrs(t *testing.T, name string) *netlink.LinkAttrs {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	return l.Attrs()
}

func TestVethHasWhatWasAsked(t *testing.T) {
	ovstest.Need(t)
	ctx := context.Background()
	host, peer := netns.Names("endpoint-1")
	mac := linkspan.MAC{2, 1, 10, 7, 0, 2}
	for _, offload := range []netns.Offload{netns.OffloadAll, netns.OffloadNone} { // the second replaces the first
		must(t, netns.CreateVeth(ctx, netns.Veth{Host: host, Peer: peer, MAC: mac, MTU: 1450, TxQueueLen: 500, Offload: offload}))
		h, p := attrs(t, host), attrs(t, peer)
		if h.MTU != 1450 || p.MTU != 1450 || h.TxQLen != 500 || p.TxQLen != 500 {
			t.Errorf("MTU %d and %d, queue %d and %d", h.MTU, p.MTU, h.TxQLen, p.TxQLen)
		}
		if !bytes.Equal(p.HardwareAddr, mac[:]) {
			t.Errorf("the peer's MAC address is %s", p.HardwareAddr)
		}
		if h.Flags&net.FlagUp == 0 || p.Flags&net.FlagUp != 0 {
			t.Errorf("flags %v and %v, want only the host end up", h.Flags, p.Flags)
		}
		on, err := netns.Offloads(peer)
		must(t, err)
		if offload == netns.OffloadAll && len(on) != 3 || offload == netns.OffloadNone && len(on) != 0 {
			t.Errorf("asked for offload %v, on are %v", offload, on)
		}
		if got := sysctl(t, "ipv6/conf/"+host+"/disable_ipv6"); got != "1" {
			t.Errorf("disable_ipv6 is %s", got)
		}
		if got := sysctl(t, "ipv4/conf/"+host+"/arp_ignore"); got != "8" {
			t.Errorf("arp_ignore is %s", got)
		}
	}
	links, err := netns.List(ctx, netns.HostPrefix)
	must(t, err)
	if len(links) != 1 || links[0].Name != host || links[0].MTU != 1450 || !links[0].Up {
		t.Errorf("links: %v", links)
	}
	must(t, netns.DeleteVeth(ctx, host))
	must(t, netns.DeleteVeth(ctx, host))
	if links, err = netns.List(ctx, "ls"); err != nil || len(links) != 0 {
		t.Errorf("left behind: %v, %v", links, err)
	}
}

func TestOffloadStaysOffInTheContainer(t *testing.T) {
	ctx := context.Background()
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	defer func() { must(t, box.Close()) }()
	host, peer := netns.Names("endpoint-2")
	must(t, netns.CreateVeth(ctx, netns.Veth{Host: host, Peer: peer}))
	must(t, box.Take(peer, "eth0"))
	must(t, box.Do(func() error {
		on, err := netns.Offloads("eth0")
		if len(on) > 0 {
			t.Errorf("on after the move: %v", on)
		}
		return err
	}))
	eth0, err := box.Netlink().LinkByName("eth0")
	must(t, err)
	must(t, box.Netlink().LinkSetUp(eth0))
	must(t, netns.DeleteVeth(ctx, host)) // takes the end in the container with it
	ovstest.Eventually(t, "eth0 is gone", func() bool {
		_, err := box.Netlink().LinkByName("eth0")
		return err != nil
	})
}

// A link is deleted in the namespace that the caller is in, and is gone from
// there at the return, with its other end; one of the same name elsewhere stays.
func TestALinkIsDeletedWhereTheCallerIs(t *testing.T) {
	ctx := context.Background()
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	defer func() { must(t, box.Close()) }()
	must(t, netns.CreateVeth(ctx, netns.Veth{Host: "lsh-far", Peer: "lsp-far"}))
	must(t, box.Take("lsp-far", "lsh-near"))
	must(t, netns.CreateVeth(ctx, netns.Veth{Host: "lsh-near", Peer: "lsp-near"}))
	must(t, box.Do(func() error { return netns.DeleteVeth(ctx, "lsh-near") }))
	if _, err := box.Netlink().LinkByName("lsh-near"); err == nil {
		t.Error("it is still there")
	}
	links, err := netns.List(ctx, "ls")
	must(t, err)
	if len(links) != 2 {
		t.Errorf("here are %v, want the pair of the same name", links)
	}
	near, err := netlink.LinkByName("lsh-near")
	must(t, err)
	must(t, netns.DeleteLink(ctx, near))
	must(t, netns.DeleteLink(ctx, near))
}

func TestVethRefusesBadNames(t *testing.T) {
	for _, v := range []netns.Veth{{Host: "h"}, {Host: "a-name-of-16-byt", Peer: "p"}, {Host: "../../x", Peer: "p"}} {
		if err := netns.CreateVeth(context.Background(), v); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%+v: %v", v, err)
		}
	}
	_, err := netns.Open("/proc/self/ns/nothing")
	if linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a sandbox that is not there: %v", err)
	}
}

func TestFailedCreationLeavesNothing(t *testing.T) {
	ovstest.Need(t)
	ctx := context.Background()
	if err := netns.CreateVeth(ctx, netns.Veth{Host: "lsh-x", Peer: "lsp-x", MTU: 10}); err == nil {
		t.Fatal("an MTU of 10 was accepted")
	}
	links, err := netns.List(ctx, "ls")
	must(t, err)
	if len(links) != 0 {
		t.Errorf("left behind: %v", links)
	}
}

func TestNames(t *testing.T) {
	host, peer := netns.Names("7d2f")
	again, _ := netns.Names("7d2f")
	other, _ := netns.Names("7d30")
	if len(host) != 15 || len(peer) != 15 || host == peer || host != again || host == other {
		t.Errorf("names %q %q %q %q", host, peer, again, other)
	}
}

func TestProbeKindsLeavesNothing(t *testing.T) {
	ovstest.Need(t)
	before := ovstest.IP(t, "link", "show")
	kinds, err := netns.ProbeKinds()
	must(t, err)
	t.Logf("%+v", kinds)
	if diff := cmp.Diff(before, ovstest.IP(t, "link", "show")); diff != "" {
		t.Error(diff)
	}
}
