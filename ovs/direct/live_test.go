// SPDX-License-Identifier: Apache-2.0

package direct_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/direct"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// host is a host in a namespace, with eth0 on a bridge that all hosts are on.
type host struct {
	t    *testing.T
	id   linkspan.ChassisID
	box  *netns.Sandbox
	port *direct.Direct
}

// segment makes hosts at 10.9.0.1 and on, in one layer 2: a bridge in a
// namespace of its own.
func segment(t *testing.T, n int) []*host {
	t.Helper()
	ovstest.Need(t, "ip", "nft")
	middle, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	t.Cleanup(func() { must(t, middle.Close()) })
	must(t, middle.Do(func() error {
		ovstest.IP(t, "link", "add", "underlay", "type", "bridge")
		ovstest.IP(t, "link", "set", "underlay", "up")
		return nil
	}))
	hosts := make([]*host, n)
	for i := range hosts {
		h := &host{t: t, id: linkspan.ChassisID(i + 1)}
		h.box, err = netns.Open(ovstest.Namespace(t))
		must(t, err)
		t.Cleanup(func() { must(t, h.box.Close()) })
		plug := fmt.Sprint("t-plug", i)
		must(t, netns.CreateVeth(t.Context(), netns.Veth{Host: plug, Peer: "t-eth", Offload: netns.OffloadAll}))
		must(t, h.box.Take("t-eth", "eth0"))
		must(t, middle.Take(plug, plug))
		must(t, middle.Do(func() error {
			ovstest.IP(t, "link", "set", plug, "master", "underlay", "up")
			return nil
		}))
		h.do(func() error {
			ovstest.IP(t, "address", "add", h.address().String()+"/24", "dev", "eth0")
			ovstest.IP(t, "link", "set", "eth0", "up")
			return nil
		})
		hosts[i] = h
	}
	return hosts
}

func (h *host) address() netip.Addr { return netip.AddrFrom4([4]byte{10, 9, 0, byte(h.id)}) }

func (h *host) do(fn func() error) {
	h.t.Helper()
	must(h.t, h.box.Do(fn))
}

func (h *host) config() direct.Config {
	return direct.Config{Number: h.id, Local: h.address(), Fabric: 7, Log: slog.New(slog.NewTextHandler(h.t.Output(), nil))}
}

func (h *host) ensure(cfg direct.Config) {
	h.t.Helper()
	h.do(func() (err error) {
		h.port, err = direct.Ensure(h.t.Context(), cfg)
		return err
	})
}

// run probes until the test ends.
func (h *host) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.box.Do(func() error { return h.port.Run(ctx) }); !errors.Is(err, context.Canceled) {
			h.t.Errorf("run: %v", err)
		}
	})
	h.t.Cleanup(func() { cancel(); running.Wait() })
}

func (h *host) awaits(want string) {
	h.t.Helper()
	ovstest.Eventually(h.t, fmt.Sprintf("host %d knows %s", h.id, want), func() bool {
		proved, lost := h.port.Paths()
		return fmt.Sprint(proved, lost) == want
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPathsOnRealLinks(t *testing.T) {
	hosts := segment(t, 3)
	for i, h := range hosts {
		cfg := h.config()
		if i == 2 {
			cfg.Fabric = 8
		}
		h.ensure(cfg)
		h.run()
	}
	a, b, c := hosts[0], hosts[1], hosts[2]
	all := []linkspan.ChassisID{1, 2, 3}
	a.port.SetPeers([]linkspan.ChassisID{2, 3})
	b.port.SetPeers([]linkspan.ChassisID{1})
	c.port.SetPeers(all[:2])
	a.awaits("[2] [3]") // the third is of another fabric
	b.awaits("[1] []")
	c.awaits("[] [1 2]")

	// A switch in between that drops foreign addresses.
	b.do(func() error {
		return exec.Command("nft", `add table netdev t; add chain netdev t in { type filter hook ingress device eth0 priority 0; };
			add rule netdev t in ether saddr & ff:ff:ff:00:00:00 == 06:6c:73:00:00:00 drop`).Run()
	})
	a.awaits("[] [2 3]")
	b.awaits("[] [1]")
	b.do(func() error { return exec.Command("nft", "delete", "table", "netdev", "t").Run() })
	a.awaits("[2] [3]")
	b.awaits("[1] []")

	// The link goes: so do the paths. It comes back when the next process makes it.
	b.do(func() error { ovstest.IP(t, "link", "del", direct.DefaultDevice); return nil })
	a.awaits("[] [2 3]")
	b.awaits("[] [1]")
	again := b.port
	b.ensure(b.config())
	b.port = again
	b.awaits("[1] []")
}

func TestTheLinkIsAsAsked(t *testing.T) {
	h := segment(t, 1)[0]
	for range 2 { // the second time all is there
		h.ensure(h.config())
		if h.port.Device() != "lsdx" || h.port.MTU() != 1500 {
			t.Errorf("%s, mtu %d", h.port.Device(), h.port.MTU())
		}
	}
	h.do(func() error {
		show := ovstest.IP(t, "-d", "link", "show", "lsdx")
		for _, want := range []string{"lsdx@eth0", "macvlan mode private", "mtu 1500", "06:6c:73:00:00:01", ",UP"} {
			if !strings.Contains(show, want) {
				t.Errorf("%q is not in %s", want, show)
			}
		}
		if addrs := ovstest.IP(t, "address", "show", "lsdx"); strings.Contains(addrs, "inet") {
			t.Errorf("the link has an address: %s", addrs)
		}
		ovstest.IP(t, "link", "set", "eth0", "mtu", "1400")
		return nil
	})
	other := h.config()
	other.Number = 9
	h.ensure(other)
	h.do(func() error {
		if show := ovstest.IP(t, "link", "show", "lsdx"); h.port.MTU() != 1400 || !strings.Contains(show, "06:6c:73:00:00:09") {
			t.Errorf("mtu %d: %s", h.port.MTU(), show)
		}
		if err := errors.Join(direct.Remove(""), direct.Remove("")); err != nil {
			t.Error(err)
		}
		return nil
	})
}

func TestANICOfItsOwn(t *testing.T) {
	h := segment(t, 1)[0]
	cfg := h.config()
	h.do(func() error {
		ovstest.IP(t, "link", "add", "fast0", "type", "veth", "peer", "name", "far0")
		return nil
	})
	cfg.NIC = "fast0"
	h.ensure(cfg)
	h.do(func() error {
		if show := ovstest.IP(t, "link", "show", "fast0"); h.port.Device() != "fast0" || !strings.Contains(show, "06:6c:73:00:00:01") {
			t.Errorf("device %s: %s", h.port.Device(), show)
		}
		for nic, code := range map[string]linkspan.Code{"eth0": linkspan.Conflict, "nosuch": linkspan.NotFound} {
			cfg.NIC = nic
			if _, err := direct.Ensure(t.Context(), cfg); linkspan.CodeOf(err) != code {
				t.Errorf("%s: %v", nic, err)
			}
		}
		return nil
	})
}

func TestWhatCannotBeDirect(t *testing.T) {
	h := segment(t, 1)[0]
	h.do(func() error {
		ovstest.IP(t, "address", "add", "10.8.0.1/24", "dev", "lo")
		for name, c := range map[string]struct {
			change func(*direct.Config)
			code   linkspan.Code
		}{
			"no number":        {func(c *direct.Config) { c.Number = 0 }, linkspan.Invalid},
			"no address":       {func(c *direct.Config) { c.Local = netip.Addr{} }, linkspan.Invalid},
			"nobody's address": {func(c *direct.Config) { c.Local = netip.MustParseAddr("10.9.9.9") }, linkspan.NotFound},
			"loopback":         {func(c *direct.Config) { c.Local = netip.MustParseAddr("10.8.0.1") }, linkspan.Unavailable},
			"another's link":   {func(c *direct.Config) { c.Device = "eth0" }, linkspan.Conflict},
		} {
			cfg := h.config()
			c.change(&cfg)
			if _, err := direct.Ensure(t.Context(), cfg); linkspan.CodeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A link that joins packets is left as it is, and not used unless the
		// datapath can take them.
		if err := exec.Command("ethtool", "-K", "eth0", "gro", "on").Run(); err != nil {
			t.Skip("ethtool is missing: ", err)
		}
		cfg := h.config()
		if _, err := direct.Ensure(t.Context(), cfg); linkspan.CodeOf(err) != linkspan.Unavailable || linkspan.HintOf(err) == "" {
			t.Errorf("joined packets: %v", err)
		}
		cfg.Large = true
		_, err := direct.Ensure(t.Context(), cfg)
		return err
	})
}
