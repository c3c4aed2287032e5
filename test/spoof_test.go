// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestSpoof sends frames under other containers' addresses from one that may do
// whatever it likes to its own network: none arrives, none reaches the
// controller, and each is counted.
func TestSpoof(t *testing.T) {
	l := shared(t)
	l.Network(t, "spoof", "10.60.0.0/24")
	liar := l.Run(t, "h1", "liar", "--network", "spoof", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW")
	near := l.Run(t, "h1", "near", "--network", "spoof")
	far := l.Run(t, "h2", "far", "--network", "spoof")
	far.Reaches(t, near, "spoof") // a route that a liar could use
	for _, victim := range []*harness.Container{near, far} {
		other := map[*harness.Container]*harness.Container{near: far, far: near}[victim]
		t.Run("to "+victim.Name, func(t *testing.T) { spoof(t, liar, victim, other) })
	}
	t.Run("an address of its own making", func(t *testing.T) {
		liar.Exec(t, "ip", "address", "add", "10.60.0.200/32", "dev", "eth0")
		if r := liar.Try("ping", "-c", "2", "-i", "0.2", "-W", "1", "-I", "10.60.0.200", far.Address(t, "spoof")); r.Exit == 0 {
			t.Errorf("ping from an address that was not leased: %v", r)
		}
	})
	for _, r := range routes(t, l, "spoof") {
		if strings.Contains(r.A+r.B, "10.60.0.200") {
			t.Errorf("a route for an address that was not leased: %+v", r)
		}
	}
}

func spoof(t *testing.T, liar, victim, other *harness.Container) {
	t.Helper()
	l := liar.Lab
	true_ := harness.Frame{
		SrcMAC: mac(t, liar), DstMAC: router(t, liar, "10.60.0.1"), SrcIP: address(t, liar), DstIP: address(t, victim), Text: "true",
	}
	var texts, names []string
	for name, lie := range lies(t, true_, victim, other) {
		lie.Text = name
		names, texts = append(names, name), append(texts, lie.Hex())
	}
	asked := l.Asked(t)
	guarded := func() int {
		return l.Packets(t, liar.Host, "priority=0 ", "table=5,") + l.Packets(t, liar.Host, "vlan_tci=0x1000/0x1000")
	}
	before := guarded()
	liar.Exec(t, append([]string{"/probe", "frame", "eth0"}, texts...)...)
	harness.Eventually(t, "every lie is counted", func() error {
		if n := guarded() - before; n < len(texts) {
			return fmt.Errorf("%d of %d", n, len(texts))
		}
		return nil
	})
	if n := l.Asked(t) - asked; n != 0 {
		t.Errorf("lies reached the controller %d times", n)
	}
	// The same with the truth arrives; what was sent before it would be there.
	liar.Exec(t, "/probe", "frame", "eth0", true_.Hex())
	harness.Eventually(t, "the truth arrives", func() error {
		if !seen(victim, "true") {
			return errors.New("it was not seen")
		}
		return nil
	})
	for _, name := range names {
		if seen(victim, name) {
			t.Errorf("%s received the frame with %s", victim.Name, name)
		}
	}
}

// lies are the ways in which a frame can be wrong.
func lies(t *testing.T, honest harness.Frame, victim, other *harness.Container) map[string]harness.Frame {
	t.Helper()
	variant := func(change func(*harness.Frame)) harness.Frame {
		f := honest
		change(&f)
		return f
	}
	return map[string]harness.Frame{
		"another IP address":         variant(func(f *harness.Frame) { f.SrcIP = address(t, other) }),
		"an IP address of nobody":    variant(func(f *harness.Frame) { f.SrcIP = netip.MustParseAddr("10.60.0.201") }),
		"the gateway's IP address":   variant(func(f *harness.Frame) { f.SrcIP = netip.MustParseAddr("10.60.0.1") }),
		"another MAC address":        variant(func(f *harness.Frame) { f.SrcMAC = mac(t, other) }),
		"both of another":            variant(func(f *harness.Frame) { f.SrcIP, f.SrcMAC = address(t, other), mac(t, other) }),
		"the router's MAC address":   variant(func(f *harness.Frame) { f.SrcMAC = honest.DstMAC }),
		"a VLAN tag":                 variant(func(f *harness.Frame) { f.VLAN = 5 }),
		"the victim's MAC address":   variant(func(f *harness.Frame) { f.DstMAC = mac(t, victim) }),
		"ARP for another IP address": variant(func(f *harness.Frame) { f.ARP, f.SrcIP = true, address(t, other) }),
		"ARP as the gateway": variant(func(f *harness.Frame) {
			f.ARP, f.SrcIP = true, netip.MustParseAddr("10.60.0.1")
		}),
		"a MAC address of the tunnel": variant(func(f *harness.Frame) {
			f.SrcMAC = net.HardwareAddr{0x0a, 0, 1, 0, 0, 1}
		}),
	}
}

// seen reports whether the container has received the text.
func seen(c *harness.Container, text string) bool {
	r := c.Try("sh", "-c", fmt.Sprintf("echo 'seen %s' | nc -w 5 127.0.0.1 %s | tail -n 1", text, harness.Port))
	return r.Out == "true"
}

func mac(t *testing.T, c *harness.Container) net.HardwareAddr {
	t.Helper()
	m, err := net.ParseMAC(c.Exec(t, "cat", "/sys/class/net/eth0/address"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func address(t *testing.T, c *harness.Container) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(c.Address(t, "spoof"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// router returns the MAC address that a container has for its gateway.
func router(t *testing.T, c *harness.Container, gateway string) (mac net.HardwareAddr) {
	t.Helper()
	harness.Eventually(t, c.Name+" has a MAC address for "+gateway, func() error {
		c.Try("ping", "-c", "1", "-W", "1", gateway) // whether it is answered or not, ARP is
		told := c.Exec(t, "ip", "neigh", "show", gateway)
		for _, field := range strings.Fields(told) {
			if m, err := net.ParseMAC(field); err == nil {
				mac = m
				return nil
			}
		}
		return fmt.Errorf("the neighbour is %q", told)
	})
	return mac
}
