// SPDX-License-Identifier: Apache-2.0

package across_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/across"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a host with bridges and, in place of the integration bridge, a wire to
// somebody who stands for all other networks.
type world struct {
	*drivertest.Host
	t       *testing.T
	bridges *bridge.Driver
	far     *netns.Sandbox

	mu      sync.Mutex
	to      map[string][]netip.Prefix
	changed chan struct{}
}

const (
	farAt, otherAt = "10.50.0.2", "10.60.0.2"
	router         = "02:ff:00:00:00:01"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	ovstest.Need(t, "ip")
	ovstest.Need(t, "ping")
	// The wire is a bridge of the same host: what is on it must not be taken for the host's.
	_ = os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("0"), 0o644) // where there is no such file it is off
	far, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	ovstest.IP(t, "link", "add", "wire0", "type", "bridge")
	ovstest.IP(t, "link", "set", "wire0", "up")
	ovstest.IP(t, "link", "add", "wire1", "type", "veth", "peer", "name", "far0", "address", router)
	ovstest.IP(t, "link", "set", "wire1", "master", "wire0", "up")
	t.Cleanup(func() {
		ovstest.IP(t, "link", "delete", "wire1")
		ovstest.IP(t, "link", "delete", "wire0")
		must(t, far.Close())
		must(t, across.Remove(context.WithoutCancel(t.Context())))
	})
	must(t, far.Take("far0", "far0"))
	must(t, far.Do(func() error {
		must(t, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)) // so that it is a hop
		for _, a := range []string{farAt, otherAt} {
			ovstest.IP(t, "address", "add", a+"/24", "dev", "far0")
		}
		ovstest.IP(t, "link", "set", "far0", "up")
		ovstest.IP(t, "neighbour", "add", "169.254.9.9", "lladdr", linkspan.BridgeMAC().String(), "dev", "far0", "nud", "permanent")
		ovstest.IP(t, "route", "add", "10.0.0.0/8", "via", "169.254.9.9", "dev", "far0", "onlink")
		return nil
	}))
	w := &world{t: t, far: far, changed: make(chan struct{}, 1), bridges: bridge.New(bridge.Options{})}
	w.Host = drivertest.NewHost(t, "bridge", w.bridges)
	return w
}

// AddPort is what the integration bridge does: the port is on the wire from then on.
func (w *world) AddPort(_ context.Context, p ovs.Port) error {
	if p.Name != across.Port || p.OFPort != linkspan.BridgePort {
		w.t.Errorf("port %+v", p)
	}
	port, err := netlink.LinkByName(p.Name)
	if err != nil {
		return err
	}
	wire, err := netlink.LinkByName("wire0")
	if err != nil {
		return err
	}
	return netlink.LinkSetMaster(port, wire)
}

func (w *world) Bridged() (map[string][]netip.Prefix, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to, w.to != nil
}

func (w *world) Changed() (<-chan struct{}, func()) { return w.changed, func() {} }

// lead says where networks lead from now on.
func (w *world) lead(to map[string][]netip.Prefix) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = to
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// keep runs a Keeper until the test ends.
func (w *world) keep() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	k := across.Keeper{
		Config: across.Config{MTU: 1450, LinkMTU: 1500, Offload: netns.OffloadAll}, Ports: w, Bridges: w.bridges, Fabric: w,
		Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	}
	var run sync.WaitGroup
	run.Go(func() { _ = k.Run(ctx) })
	return func() { cancel(); run.Wait() }
}

func (w *world) faraway() drivertest.Box {
	w.t.Helper()
	s, err := w.NewSandbox(w.t.Context(), cnm.SandboxSpec{Name: "far", Path: w.far.Path()})
	must(w.t, err)
	return w.Wrap(s)
}

// reaches waits until a box is led to an address, and is seen there by its own.
func (w *world) reaches(b drivertest.Box, to string) {
	w.t.Helper()
	ovstest.Eventually(w.t, b.Name+" reaches "+to, func() bool {
		seen, err := b.Dial(netip.MustParseAddr(to), 80, drivertest.Patience/20)
		return err == nil && seen == b.Address(0).String()
	})
}

// hears checks that a box is told that a packet's time is exceeded by a hop behind the
// wire that answers from an address.
func (w *world) hears(b drivertest.Box, from string) {
	w.t.Helper()
	must(w.t, w.far.Do(func() error {
		ovstest.IP(w.t, "address", "replace", from+"/32", "dev", "lo")
		ovstest.IP(w.t, "route", "replace", "10.0.0.0/8", "via", "169.254.9.9", "dev", "far0", "onlink", "src", from)
		return nil
	}))
	defer func() {
		must(w.t, w.far.Do(func() error {
			ovstest.IP(w.t, "route", "replace", "10.0.0.0/8", "via", "169.254.9.9", "dev", "far0", "onlink")
			ovstest.IP(w.t, "address", "delete", from+"/32", "dev", "lo")
			return nil
		}))
	}()
	ovstest.Eventually(w.t, "a hop at "+from+" is heard", func() (heard bool) {
		must(w.t, b.Do(func() error {
			out, _ := exec.Command("ping", "-n", "-c", "1", "-t", "2", "-W", "5", "10.50.0.99").CombinedOutput() // which fails: nobody is there
			heard = strings.Contains(string(out), "From "+from+" ")
			return nil
		}))
		return heard
	})
}

func prefixes(of ...string) (list []netip.Prefix) {
	for _, p := range of {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// TestWays: a network leads where it is told to and nowhere else, with its own
// addresses, there and back; others are as before.
func TestWays(t *testing.T) {
	w := newWorld(t)
	spec := func(name, subnet string) cnm.Network {
		return w.Net(cnm.NetworkSpec{Name: name, Subnets: []cnm.SubnetSpec{{Subnet: netip.MustParsePrefix(subnet)}}})
	}
	near, next := spec("near", "10.7.0.0/24"), spec("next", "10.8.0.0/24")
	a, b, far := w.Box("a", near), w.Box("b", next), w.faraway()
	for _, box := range []drivertest.Box{a, b, far} {
		box.Serve(80)
	}
	stop := w.keep()
	defer func() { stop() }()
	w.lead(map[string][]netip.Prefix{})
	if there, err := across.There(); there || err != nil {
		t.Errorf("a link although nothing leads anywhere: %v", err)
	}
	w.lead(map[string][]netip.Prefix{near.ID: prefixes("10.50.0.0/24"), "gone": prefixes("10.50.0.0/24")})
	w.reaches(a, farAt)
	far.WantReach(a.Address(0), 80, farAt)
	a.WantCut(netip.MustParseAddr(otherAt), 80)
	b.WantCut(netip.MustParseAddr(farAt), 80)
	far.WantCut(b.Address(0), 80)
	a.WantCut(b.Address(0), 80)
	must(t, far.Do(func() error { // who bears an address that is led nowhere
		return netlink.RouteReplace(&netlink.Route{
			LinkIndex: linkIn(t, "far0"), Dst: netlink.NewIPNet(a.Address(0).AsSlice()), Gw: []byte{169, 254, 9, 9},
			Flags: int(netlink.FLAG_ONLINK), Src: netip.MustParseAddr(otherAt).AsSlice(),
		})
	}))
	far.WantCut(a.Address(0), 80)
	must(t, far.Do(func() error {
		ovstest.IP(t, "route", "delete", a.Address(0).String())
		return nil
	}))

	w.lead(map[string][]netip.Prefix{near.ID: prefixes("10.50.0.0/24", "10.60.0.0/24"), next.ID: prefixes("10.60.0.0/24")})
	w.reaches(b, otherAt)
	w.reaches(a, otherAt)
	w.reaches(a, farAt)
	b.WantCut(netip.MustParseAddr(farAt), 80)
	must(t, a.Do(func() error { // who bears an address of another bridge's
		ovstest.IP(t, "address", "add", "10.8.0.77/32", "dev", "lo")
		ovstest.IP(t, "route", "add", "10.60.0.0/24", "via", "10.7.0.1", "src", "10.8.0.77")
		return nil
	}))
	a.WantCut(netip.MustParseAddr(otherAt), 80)

	stop()
	a.WantReach(netip.MustParseAddr(farAt), 80, a.Address(0).String()) // it outlives its keeper
	stop = w.keep()
	w.lead(map[string][]netip.Prefix{next.ID: prefixes("10.60.0.0/24")})
	ovstest.Eventually(t, "a is led nowhere", func() bool {
		_, err := a.Dial(netip.MustParseAddr(farAt), 80, drivertest.Patience/20)
		return err != nil
	})
	w.reaches(b, otherAt)
	w.lead(map[string][]netip.Prefix{})
	ovstest.Eventually(t, "no rule is left", func() bool { return rules(t) == 0 })
}

// TestReversePaths: hosts that look at the way back, as many distributions have them,
// let in what comes from the fabric. The kernel asks for the way back as from the bridge
// to which the packet goes, so that the bridge's rule answers.
func TestReversePaths(t *testing.T) {
	for _, mode := range []string{"0", "1", "2"} {
		t.Run("rp_filter "+mode, func(t *testing.T) {
			w := newWorld(t)
			for _, of := range []string{"all", "default"} {
				file := "/proc/sys/net/ipv4/conf/" + of + "/rp_filter"
				before, err := os.ReadFile(file)
				must(t, err)
				must(t, os.WriteFile(file, []byte(mode), 0o644))
				t.Cleanup(func() { must(t, os.WriteFile(file, before, 0o644)) })
			}
			ovstest.IP(t, "link", "add", "up0", "type", "veth", "peer", "name", "up1")
			ovstest.IP(t, "address", "add", "192.0.2.1/24", "dev", "up0")
			ovstest.IP(t, "link", "set", "up1", "up")
			ovstest.IP(t, "link", "set", "up0", "up")
			ovstest.IP(t, "route", "add", "default", "via", "192.0.2.2")
			t.Cleanup(func() { ovstest.IP(t, "link", "delete", "up0") })
			near := w.Net(cnm.NetworkSpec{Name: "near", Subnets: []cnm.SubnetSpec{{Subnet: netip.MustParsePrefix("10.7.0.0/24")}}})
			a, far := w.Box("a", near), w.faraway()
			far.Serve(80)
			stop := w.keep()
			defer func() { stop() }()
			w.lead(map[string][]netip.Prefix{near.ID: prefixes("10.50.0.0/24")})
			w.reaches(a, farAt)
			w.hears(a, "192.0.2.77")
			w.hears(a, "192.0.2.1") // which is the host's own
			w.lead(map[string][]netip.Prefix{})
			ovstest.Eventually(t, "no rule is left", func() bool { return rules(t) == 0 })
		})
	}
}

// rules counts ours.
func rules(t *testing.T) (n int) {
	t.Helper()
	all, err := netlink.RuleList(netlink.FAMILY_V4)
	must(t, err)
	for i := range all {
		if all[i].IifName != "" {
			n++
		}
	}
	return n
}

func linkIn(t *testing.T, name string) int {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	return l.Attrs().Index
}
