// SPDX-License-Identifier: Apache-2.0

package tunnel_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/tunnel"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// chassis is a host in a namespace, with eth0 on an underlay.
type chassis struct {
	t    *testing.T
	box  *netns.Sandbox
	addr netip.Addr
	mac  linkspan.MAC
}

// pair makes two chassis at 10.9.0.1 and 10.9.0.2 (and fd09::1, fd09::2), the
// first with the foreign addresses 10.9.0.3 and fd09::3 too.
func pair(t *testing.T, v6 bool) (a, b *chassis) {
	t.Helper()
	ovstest.Need(t, "ip", "nft")
	a, b = newChassis(t, 1, v6), newChassis(t, 2, v6)
	must(t, netns.CreateVeth(t.Context(), netns.Veth{Host: "t-a", Peer: "t-b", Offload: netns.OffloadAll}))
	must(t, a.box.Take("t-a", "eth0"))
	must(t, b.box.Take("t-b", "eth0"))
	a.number("10.9.0.1/24", "10.9.0.3/24", "fd09::1/64", "fd09::3/64")
	b.number("10.9.0.2/24", "fd09::2/64")
	return a, b
}

func newChassis(t *testing.T, n byte, v6 bool) *chassis {
	t.Helper()
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	t.Cleanup(func() { must(t, box.Close()) })
	c := &chassis{t: t, box: box, mac: linkspan.ChassisID(n).TunnelMAC()}
	c.addr = netip.AddrFrom4([4]byte{10, 9, 0, n})
	if v6 {
		c.addr = netip.MustParseAddr(fmt.Sprintf("fd09::%d", n))
	}
	return c
}

func (c *chassis) number(addrs ...string) {
	c.t.Helper()
	c.do(func() error {
		for _, a := range addrs {
			args := []string{"address", "add", a, "dev", "eth0"}
			if strings.Contains(a, ":") {
				args = append(args, "nodad")
			}
			ovstest.IP(c.t, args...)
		}
		ovstest.IP(c.t, "link", "set", "lo", "up")
		ovstest.IP(c.t, "link", "set", "eth0", "up")
		return nil
	})
}

func (c *chassis) do(fn func() error) {
	c.t.Helper()
	must(c.t, c.box.Do(fn))
}

// nft returns what nft(8) lists on the chassis; "" when there is no such thing.
func (c *chassis) nft(args ...string) (out string) {
	c.t.Helper()
	c.do(func() error {
		data, _ := exec.Command("nft", append([]string{"list"}, args...)...).Output()
		out = string(data)
		return nil
	})
	return out
}

func (c *chassis) ensure(cfg tunnel.Config) *tunnel.Tunnel {
	c.t.Helper()
	cfg.Local, cfg.MAC = c.addr, c.mac
	var tun *tunnel.Tunnel
	c.do(func() (err error) {
		tun, err = tunnel.Ensure(c.t.Context(), cfg)
		return err
	})
	return tun
}

// send sends one datagram on the chassis from an address of its own, as root.
func (c *chassis) send(from netip.Addr, to netip.AddrPort, data []byte) {
	c.t.Helper()
	c.do(func() error { return datagram(from, to, data) })
}

func datagram(from netip.Addr, to netip.AddrPort, data []byte) error {
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(to))
	if err != nil {
		return err
	}
	_, err = conn.Write(data)
	return errors.Join(err, conn.Close())
}

// dropped waits until the chassis's filter has dropped just so many packets.
func (c *chassis) dropped(tun *tunnel.Tunnel, want uint64) {
	c.t.Helper()
	var n uint64
	ovstest.Eventually(c.t, fmt.Sprintf("the filter has counted %d", want), func() bool {
		c.do(func() (err error) { n, err = tun.Dropped(c.t.Context()); return err })
		return n >= want
	})
	if n != want {
		c.t.Errorf("the filter has counted %d, want %d: %s", n, want, c.nft("table", "inet", "linkspan"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != code {
		t.Fatalf("error is %v (%v), want code %v", err, linkspan.CodeOf(err), code)
	}
}
