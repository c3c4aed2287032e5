// SPDX-License-Identifier: Apache-2.0

package tunnel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

const patience = 30 * time.Second

// frame is an inner frame of a made-up EtherType (IEEE 802 local experimental),
// in network 7, from the chassis with the MAC address src.
func frame(dst, src linkspan.MAC, payload string) []byte {
	f := append(append([]byte{}, dst[:]...), 0x0a, src[4], src[5], 0, 0, 7, 0x88, 0xb5)
	return append(f, payload...)
}

// wrapped is frame behind a vxlan header (RFC 7348, section 5).
func wrapped(vni uint32, inner []byte) []byte {
	return append([]byte{8, 0, 0, 0, byte(vni >> 16), byte(vni >> 8), byte(vni), 0}, inner...)
}

func TestFramesReachThePeerAndForeignSourcesDoNot(t *testing.T) {
	bothFamilies(t, func(t *testing.T, a, b *chassis) {
		ta, tb := joined(t, a, b)
		exchange(t, a, b)
		refuse(t, a, b, tb)
		for c, tun := range map[*chassis]*tunnel.Tunnel{a: ta, b: tb} {
			removed(t, c, tun)
			removed(t, c, tun)
			if left := c.nft("ruleset"); left != "" {
				t.Errorf("nftables left: %s", left)
			}
			c.do(func() error {
				if links := ovstest.IP(t, "-o", "link", "show"); strings.Contains(links, "vxlan") || strings.Contains(links, "lsvx") {
					t.Errorf("links left: %s", links)
				}
				return nil
			})
		}
	})
}

func exchange(t *testing.T, a, b *chassis) {
	t.Helper()
	var from, to *tap
	a.do(func() (err error) { from, err = openTap("lsvx"); return err })
	b.do(func() (err error) { to, err = openTap("lsvx"); return err })
	defer from.close()
	defer to.close()
	must(t, from.write(frame(b.mac, a.mac, "hello over the tunnel")))
	must(t, to.await("hello over the tunnel", patience))
}

// refuse proves with one datagram, from a peer's address and from another of
// the same host, that the source alone decides.
func refuse(t *testing.T, a, b *chassis, tb *tunnel.Tunnel) {
	t.Helper()
	var to *tap
	b.do(func() (err error) { to, err = openTap("lsvx"); return err })
	defer to.close()
	foreign := netip.MustParseAddr("10.9.0.3")
	if a.addr.Is6() {
		foreign = netip.MustParseAddr("fd09::3")
	}
	port := netip.AddrPortFrom(b.addr, 4790)
	a.send(foreign, port, wrapped(7000, frame(b.mac, a.mac, "from a foreign source")))
	b.dropped(tb, 1)
	again := b.ensure(tunnel.Config{}) // a filter that is right keeps its counters
	b.dropped(again, 1)
	a.send(a.addr, port, wrapped(7000, frame(b.mac, a.mac, "from a peer")))
	must(t, to.await("from a peer", patience))
	if to.await("from a foreign source", 200*time.Millisecond) == nil {
		t.Error("the foreign frame passed the filter")
	}
}

func TestDeviceIsAsAsked(t *testing.T) {
	a, _ := pair(t, false)
	tun := a.ensure(tunnel.Config{})
	if tun.Device() != "lsvx" || tun.MTU() != 1450 {
		t.Errorf("device %s, MTU %d", tun.Device(), tun.MTU())
	}
	a.do(func() error {
		show := ovstest.IP(t, "-d", "link", "show", "lsvx")
		for _, want := range []string{"vxlan id 7000", "local 10.9.0.1", "dstport 4790", "nolearning", "mtu 1450",
			"UP", "0e:00:00:00:00:01", " udpcsum"} {
			if !strings.Contains(show, want) {
				t.Errorf("%q is not in %s", want, show)
			}
		}
		if addrs := ovstest.IP(t, "address", "show", "lsvx"); strings.Contains(addrs, "inet") {
			t.Errorf("the device has an address: %s", addrs)
		}
		return nil
	})
}

func TestPeersAreReconciledByDifference(t *testing.T) {
	a, _ := pair(t, false)
	a.do(func() error { // a table of ours with another shape
		return exec.Command("nft", "add table inet linkspan; add set inet linkspan peers4 { type ipv4_addr; }").Run()
	})
	tun := a.ensure(tunnel.Config{})
	peer := func(mac, addr byte) tunnel.Peer {
		return tunnel.Peer{MAC: linkspan.ChassisID(0x100 + uint16(mac)).TunnelMAC(), Underlay: netip.AddrFrom4([4]byte{10, 9, 0, addr})}
	}
	element := regexp.MustCompile(`10\.[0-9.]+ \. 0a:[0-9a-f:]+`)
	check := func(want ...tunnel.Peer) {
		t.Helper()
		var have []tunnel.Peer
		a.do(func() (err error) { have, err = tun.Peers(t.Context()); return err })
		if diff := cmp.Diff(want, have, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Error(diff)
		}
		var admitted []string
		for _, p := range want {
			admitted = append(admitted, fmt.Sprintf("%s . 0a:%02x:%02x:00:00:00", p.Underlay, p.MAC[4], p.MAC[5]))
		}
		got := element.FindAllString(a.nft("set", "inet", "linkspan", "peers4"), -1)
		slices.Sort(got)
		if diff := cmp.Diff(admitted, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
	ctx := t.Context()
	a.do(func() error { return tun.SetPeers(ctx, []tunnel.Peer{peer(1, 11), peer(2, 12), peer(3, 12)}) })
	check(peer(1, 11), peer(2, 12), peer(3, 12))
	a.do(func() error { return tun.AddPeer(ctx, peer(4, 14)) })
	a.do(func() error { return tun.AddPeer(ctx, peer(4, 14)) })
	a.do(func() error { return tun.RemovePeer(ctx, peer(2, 0).MAC) })
	a.do(func() error { return tun.RemovePeer(ctx, peer(9, 0).MAC) })
	check(peer(1, 11), peer(3, 12), peer(4, 14))                // 12 is still in use
	a.do(func() error { return tun.AddPeer(ctx, peer(3, 13)) }) // it moved
	check(peer(1, 11), peer(3, 13), peer(4, 14))

	a.do(func() error { // drift: somebody removes an entry and empties the set
		return errors.Join(
			exec.Command("bridge", "fdb", "del", peer(4, 14).MAC.String(), "dev", "lsvx", "dst", "10.9.0.14").Run(),
			exec.Command("nft", "flush", "set", "inet", "linkspan", "peers4").Run())
	})
	a.do(func() error { return tun.SetPeers(ctx, []tunnel.Peer{peer(4, 14), peer(5, 15)}) })
	check(peer(4, 14), peer(5, 15))

	// The next process finds what is there; a change that needs a new device keeps the peers.
	tun = a.ensure(tunnel.Config{})
	check(peer(4, 14), peer(5, 15))
	tun = a.ensure(tunnel.Config{Port: 4791, VNI: 7001, MTU: 1400})
	check(peer(4, 14), peer(5, 15))
	if rules := a.nft("chain", "inet", "linkspan", "tunnel"); strings.Count(rules, "dport 4791") != 3 || strings.Contains(rules, "4790") {
		t.Errorf("rules: %s", rules)
	}
	a.do(func() error { return tun.SetPeers(ctx, nil) })
	check()
	a.do(func() error { return tun.Remove(ctx) })
}

func TestEnsureSaysWhatIsWrong(t *testing.T) {
	a, b := pair(t, false)
	a.do(func() error {
		ctx := t.Context()
		_, err := tunnel.Ensure(ctx, tunnel.Config{Local: netip.MustParseAddr("10.9.0.9"), MAC: a.mac})
		wantCode(t, err, linkspan.NotFound)
		for _, cfg := range []tunnel.Config{
			{MAC: a.mac}, {Local: a.addr}, {Local: a.addr, MAC: linkspan.MAC{2, 0, 0, 0, 0, 1}},
			{Local: a.addr, MAC: a.mac, VNI: 1 << 24}, {Local: a.addr, MAC: a.mac, MTU: 1451},
		} {
			_, err := tunnel.Ensure(ctx, cfg)
			wantCode(t, err, linkspan.Invalid)
		}
		_, err = tunnel.Ensure(ctx, tunnel.Config{Local: a.addr, MAC: a.mac, Device: "eth0"})
		wantCode(t, err, linkspan.Conflict)
		return nil
	})
	tun := a.ensure(tunnel.Config{})
	a.do(func() error {
		for _, p := range []tunnel.Peer{
			{Underlay: b.addr}, {MAC: b.mac}, {MAC: b.mac, Underlay: a.addr}, {MAC: a.mac, Underlay: b.addr},
			{MAC: b.mac, Underlay: netip.MustParseAddr("fd09::2")},
			{MAC: linkspan.MAC{2, 0, 0, 0, 0, 2}, Underlay: b.addr},
		} {
			wantCode(t, tun.AddPeer(t.Context(), p), linkspan.Invalid)
			wantCode(t, tun.SetPeers(t.Context(), []tunnel.Peer{p}), linkspan.Invalid)
		}
		return tun.Remove(t.Context())
	})
}

// What comes out of the tunnel bears the device's own MAC address, so the
// host's stack would route it if it could.
func TestTheHostDoesNotRouteWhatTheTunnelBrings(t *testing.T) {
	a, b := pair(t, false)
	joined(t, a, b)
	var from *tap
	a.do(func() (err error) { from, err = openTap("lsvx"); return err })
	defer from.close()
	ip := append([]byte{0x45, 0, 0, 20, 0, 1, 0, 0, 64, 17, 0, 0}, 10, 7, 0, 2, 10, 9, 0, 2)
	f := append(append([]byte{}, b.mac[:]...), 0x0a, 0, 1, 0, 0, 7, 8, 0)
	must(t, from.write(append(f, checksummed(ip)...)))
	ovstest.Eventually(t, "the packet is dropped before the host's stack", func() bool {
		return strings.Contains(b.nft("chain", "inet", "linkspan", "copies"), "packets 1 ")
	})
}

func checksummed(header []byte) []byte {
	var sum uint32
	for i := 0; i < len(header); i += 2 {
		sum += uint32(header[i])<<8 | uint32(header[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	header[10], header[11] = ^byte(sum>>8), ^byte(sum)
	return header
}
