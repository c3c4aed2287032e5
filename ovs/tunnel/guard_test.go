// SPDX-License-Identifier: Apache-2.0

package tunnel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

// A member speaks as the chassis that has its outer address, and as no other.
func TestAPeerSpeaksInItsOwnName(t *testing.T) {
	bothFamilies(t, func(t *testing.T, a, b *chassis) {
		third, at := linkspan.ChassisID(3).TunnelMAC(), netip.MustParseAddr("10.9.0.3")
		if a.addr.Is6() {
			at = netip.MustParseAddr("fd09::3")
		}
		tb := b.ensure(tunnel.Config{})
		b.do(func() error {
			return tb.SetPeers(t.Context(), []tunnel.Peer{{MAC: a.mac, Underlay: a.addr}, {MAC: third, Underlay: at}})
		})
		var to *tap
		b.do(func() (err error) { to, err = openTap("lsvx"); return err })
		defer to.close()
		port := netip.AddrPortFrom(b.addr, 4790)
		a.send(a.addr, port, wrapped(7000, frame(b.mac, third, "the first as the third")))
		b.dropped(tb, 1)
		a.send(at, port, wrapped(7000, frame(b.mac, a.mac, "the third as the first")))
		b.dropped(tb, 2)
		a.send(a.addr, port, wrapped(7000, b.mac[:])) // ends before the sender
		b.dropped(tb, 3)
		a.send(at, port, wrapped(7000, frame(b.mac, third, "the third as itself")))
		must(t, to.await("the third as itself", patience))
		a.send(a.addr, port, wrapped(7000, frame(b.mac, a.mac, "the first as itself")))
		must(t, to.await("the first as itself", patience))
		b.do(func() error { return tb.RemovePeer(t.Context(), third) })
		a.send(at, port, wrapped(7000, frame(b.mac, third, "a peer no more")))
		b.dropped(tb, 4)
	})
}

// The receiver knows a member by its outer address, so the member keeps it from
// its users.
func TestUsersDoNotSpeakForTheirHost(t *testing.T) {
	bothFamilies(t, func(t *testing.T, a, b *chassis) {
		ta, tb := joined(t, a, b)
		forged := wrapped(7000, frame(b.mac, a.mac, "from a user"))
		port := netip.AddrPortFrom(b.addr, 4790)
		a.do(func() error {
			if err := asNobody(func() error { return datagram(a.addr, port, forged) }); !errors.Is(err, unix.EPERM) {
				t.Errorf("a user's datagram to the tunnel's port: %v", err)
			}
			return asNobody(func() error { return datagram(a.addr, netip.AddrPortFrom(b.addr, 4791), forged) })
		})
		a.dropped(ta, 1)
		exchange(t, a, b)
		b.dropped(tb, 0)
		removed(t, a, ta)
		a.do(func() error { return asNobody(func() error { return datagram(a.addr, port, forged) }) })
	})
}

// The frames of a userspace datapath leave the tunnel as packets of its user.
func TestTheDatapathMayHaveAUser(t *testing.T) {
	a, b := pair(t, false)
	ta, _ := joined(t, a, b)
	var from, to *tap
	a.do(func() error { return asNobody(func() (err error) { from, err = openTap("lsvx"); return err }) })
	b.do(func() (err error) { to, err = openTap("lsvx"); return err })
	defer from.close()
	defer to.close()
	must(t, from.write(frame(b.mac, a.mac, "from somebody")))
	a.dropped(ta, 1)
	a.ensure(tunnel.Config{User: nobody})
	must(t, from.write(frame(b.mac, a.mac, "from the datapath")))
	must(t, to.await("from the datapath", patience))
}

// A container behind the host's address is such a user too.
func TestContainersBehindTheHostDoNotSpeakForIt(t *testing.T) {
	bothFamilies(t, func(t *testing.T, a, b *chassis) {
		inside := behind(t, a)
		forged := wrapped(7000, frame(b.mac, a.mac, "from a container"))
		var to *tap
		port := netip.AddrPortFrom(b.addr, 4790)
		tb := b.ensure(tunnel.Config{})
		b.do(func() error { return tb.AddPeer(t.Context(), tunnel.Peer{MAC: a.mac, Underlay: a.addr}) })
		b.do(func() (err error) { to, err = openTap("lsvx"); return err })
		defer to.close()
		inside.send(inside.addr, port, forged)
		must(t, to.await("from a container", patience)) // the host lets it through and gives it its own address
		ta := a.ensure(tunnel.Config{})
		inside.send(inside.addr, port, forged)
		a.dropped(ta, 1)
		if to.await("from a container", 200*time.Millisecond) == nil {
			t.Error("the container's frame passed the host")
		}
		removed(t, a, ta)
	})
}

// behind makes a namespace whose packets the chassis forwards and gives its own
// address.
func behind(t *testing.T, host *chassis) *chassis {
	t.Helper()
	inside := newChassis(t, 9, false)
	inside.addr = netip.MustParseAddr("172.16.0.9")
	gateway, forwarding, snat := "172.16.0.1", "net.ipv4.ip_forward", "snat ip to "
	if host.addr.Is6() {
		inside.addr = netip.MustParseAddr("fd16::9")
		gateway, forwarding, snat = "fd16::1", "net.ipv6.conf.all.forwarding", "snat ip6 to "
	}
	must(t, netns.CreateVeth(t.Context(), netns.Veth{Host: "t-in", Peer: "t-host", Offload: netns.OffloadAll}))
	must(t, inside.box.Take("t-in", "eth0"))
	must(t, host.box.Take("t-host", "in"))
	inside.number("172.16.0.9/24", "fd16::9/64")
	inside.do(func() error {
		ovstest.IP(t, "route", "add", "default", "via", gateway)
		return nil
	})
	host.do(func() error {
		ovstest.IP(t, "address", "add", "172.16.0.1/24", "dev", "in")
		ovstest.IP(t, "address", "add", "fd16::1/64", "dev", "in", "nodad")
		ovstest.IP(t, "link", "set", "in", "up")
		nat := "add table inet nat; add chain inet nat post { type nat hook postrouting priority srcnat; }; " +
			"add rule inet nat post oifname eth0 " + snat + host.addr.String()
		return errors.Join(exec.CommandContext(t.Context(), "sysctl", "-qw", forwarding+"=1").Run(),
			exec.CommandContext(t.Context(), "nft", nat).Run())
	})
	return inside
}

const nobody = 65534 // an unprivileged user

// asNobody runs fn with sockets that belong to nobody: the owner
// of a socket is the user for files of the thread that made it. The caller has
// the thread to itself.
func asNobody(fn func() error) error {
	if err := unix.Setfsuid(nobody); err != nil {
		return err
	}
	return errors.Join(fn(), unix.Setfsuid(0))
}

func bothFamilies(t *testing.T, fn func(t *testing.T, a, b *chassis)) {
	for _, v6 := range []bool{false, true} {
		t.Run(fmt.Sprintf("ipv6=%v", v6), func(t *testing.T) {
			a, b := pair(t, v6)
			fn(t, a, b)
		})
	}
}

// joined ensures both tunnels, each the other's peer.
func joined(t *testing.T, a, b *chassis) (ta, tb *tunnel.Tunnel) {
	t.Helper()
	ta, tb = a.ensure(tunnel.Config{}), b.ensure(tunnel.Config{})
	a.do(func() error { return ta.AddPeer(t.Context(), tunnel.Peer{MAC: b.mac, Underlay: b.addr}) })
	b.do(func() error { return tb.AddPeer(t.Context(), tunnel.Peer{MAC: a.mac, Underlay: a.addr}) })
	return ta, tb
}

func removed(t *testing.T, c *chassis, tun *tunnel.Tunnel) {
	t.Helper()
	c.do(func() error { return tun.Remove(t.Context()) })
	if left := c.nft("table", "inet", "linkspan"); left != "" {
		t.Errorf("nftables left: %s", left)
	}
}
