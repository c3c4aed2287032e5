// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
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

func need(t *testing.T) {
	t.Helper()
	ovstest.Need(t, "ip")
	kinds, err := netns.ProbeKinds()
	must(t, err)
	if !kinds.VXLAN {
		t.Skip("the kernel has no vxlan links (CONFIG_VXLAN)")
	}
}

func newDriver(t *testing.T, options overlay.Options) *overlay.Driver {
	t.Helper()
	d, err := overlay.New(options)
	must(t, err)
	return d
}

func TestConformance(t *testing.T) {
	t.Run("free", func(t *testing.T) { conforms(t, map[string]string{overlay.OptionVNI: "42"}) })
	t.Run("limited", func(t *testing.T) {
		conforms(t, map[string]string{overlay.OptionVNI: "42", linkspan.OptionEgress: "10mbit"})
	})
}

func conforms(t *testing.T, network map[string]string) {
	drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
		need(t)
		options := overlay.Options{Local: netip.MustParseAddr("127.0.0.1"), Namespace: filepath.Join(t.TempDir(), "overlay")}
		t.Cleanup(func() { // for tests that leave things behind on purpose
			_, err := newDriver(t, options).Sweep(context.WithoutCancel(t.Context()), func() []cnm.Endpoint { return nil })
			must(t, err)
		})
		return drivertest.Fixture{
			Driver:  newDriver(t, options),
			Restart: func() cnm.Driver { return newDriver(t, options) },
			Traces:  func() []string { return traces(t, options.Namespace) },
			Options: network,
		}
	})
}

func traces(t *testing.T, namespace string) []string {
	t.Helper()
	var found []string
	links, err := kernel.List(t.Context(), "lov-", "lox-", "lop-", "loi-", "lom-")
	must(t, err)
	if ns, err := netns.Open(namespace); err == nil {
		inside, err := ns.Netlink().LinkList()
		must(t, err)
		links = append(links, inside...)
		must(t, ns.Close())
	}
	for _, l := range links {
		found = append(found, "link "+l.Attrs().Name)
	}
	tables, err := new(nftables.Conn).ListTables()
	must(t, err)
	for _, table := range tables {
		found = append(found, "table "+table.Name)
	}
	return found
}

// fabric is a controller that tells all hosts of all endpoints.
type fabric struct {
	mu    sync.Mutex
	hosts []*host
	peers map[uint32][]overlay.Peer
	mute  bool
}

// teller is the fabric as one host sees it.
type teller struct {
	*fabric
	local netip.Addr
}

func (f teller) Attach(ctx context.Context, vni uint32, e cnm.Endpoint) error {
	p := f.peer(e)
	return f.change(ctx, vni, func(all []overlay.Peer) []overlay.Peer { return append(all, p) })
}

func (f teller) Detach(ctx context.Context, vni uint32, e cnm.Endpoint) error {
	p := f.peer(e)
	return f.change(ctx, vni, func(all []overlay.Peer) []overlay.Peer {
		return slices.DeleteFunc(slices.Clone(all), func(other overlay.Peer) bool { return other == p })
	})
}

func (f teller) peer(e cnm.Endpoint) overlay.Peer {
	return overlay.Peer{Address: e.Address.Addr(), Address6: e.Address6.Addr(), MAC: e.MAC, Host: f.local}
}

func (f *fabric) change(ctx context.Context, vni uint32, change func([]overlay.Peer) []overlay.Peer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.peers[vni] = change(f.peers[vni])
	if f.mute {
		return nil
	}
	return f.tell(ctx, vni)
}

func (f *fabric) tell(ctx context.Context, vni uint32) error {
	for _, h := range f.hosts {
		if h.driver == nil {
			continue
		}
		if err := h.at.Do(func() error { return h.driver.SetPeers(ctx, vni, f.peers[vni]) }); err != nil {
			return err
		}
	}
	return nil
}

// host is a host in a namespace.
type host struct {
	*drivertest.Host
	t      *testing.T
	at     *netns.Sandbox
	driver *overlay.Driver
	local  netip.Addr
	net    cnm.Network

	options overlay.Options
}

func (h *host) do(fn func()) {
	h.t.Helper()
	must(h.t, h.at.Do(func() error { fn(); return nil }))
}

// underlay makes hosts on one wire, by their addresses, with a network of VNI 42.
func underlay(t *testing.T, addresses ...string) (*fabric, []*host) {
	t.Helper()
	need(t)
	f := &fabric{peers: make(map[uint32][]overlay.Peer)}
	ovstest.IP(t, "link", "add", "wire", "type", "bridge")
	ovstest.IP(t, "link", "set", "wire", "up")
	t.Cleanup(func() { ovstest.IP(t, "link", "delete", "wire") })
	for _, a := range addresses {
		at, err := netns.Open(ovstest.Namespace(t))
		must(t, err)
		t.Cleanup(func() { must(t, at.Close()) })
		f.hosts = append(f.hosts, &host{t: t, at: at, local: netip.MustParseAddr(a)})
	}
	for i, h := range f.hosts {
		a, at := addresses[i], h.at
		end, port := fmt.Sprintf("up%d", i), fmt.Sprintf("port%d", i)
		ovstest.IP(t, "link", "add", port, "type", "veth", "peer", "name", end)
		ovstest.IP(t, "link", "set", port, "master", "wire", "up")
		t.Cleanup(func() { ovstest.IP(t, "link", "delete", port) })
		must(t, at.Take(end, "up0"))
		bits := "/24"
		if h.local.Is6() {
			bits = "/64"
		}
		h.do(func() {
			ovstest.IP(t, "link", "set", "lo", "up")
			ovstest.IP(t, "address", "add", a+bits, "dev", "up0")
			ovstest.IP(t, "link", "set", "up0", "up")
		})
		h.options = overlay.Options{
			Local: h.local, Namespace: filepath.Join(t.TempDir(), "overlay"), Fabric: teller{f, h.local},
		}
		h.driver = newDriver(t, h.options)
		h.Host = drivertest.NewHost(t, "overlay", h.driver)
		h.do(func() { h.net = h.Net(spec("multi", 42)) })
	}
	// Hosts give addresses of their own; the controller of a fabric would see
	// to it that they differ.
	return f, f.hosts
}

func spec(name string, vni int) cnm.NetworkSpec {
	return cnm.NetworkSpec{
		Name: name, Options: map[string]string{overlay.OptionVNI: fmt.Sprint(vni)},
		Subnets: []cnm.SubnetSpec{{Subnet: netip.MustParsePrefix("10.7.0.0/24")}, {Subnet: netip.MustParsePrefix("fd00:7::/64")}},
	}
}

// box makes a sandbox with the address of that number in the network.
func (h *host) box(name string, n cnm.Network, number byte) (b drivertest.Box) {
	h.t.Helper()
	h.do(func() {
		s, err := h.NewSandbox(h.t.Context(), cnm.SandboxSpec{Name: name})
		must(h.t, err)
		address6 := n.Subnet6.Addr().As16()
		address6[15] = number
		e, err := h.NewEndpoint(h.t.Context(), cnm.EndpointSpec{
			Name: name, Network: n.ID, Address: netip.AddrFrom4([4]byte{10, 7, 0, number}), Address6: netip.AddrFrom16(address6),
		})
		must(h.t, err)
		_, err = h.Join(h.t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: s.Key})
		must(h.t, err)
		e, err = h.Endpoint(e.ID)
		must(h.t, err)
		b = h.Wrap(s)
		b.Endpoints = []cnm.Endpoint{e}
	})
	return b
}

func TestAcrossHosts(t *testing.T) {
	for name, addresses := range map[string][]string{
		"IPv4": {"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "IPv6": {"2001:db8::1", "2001:db8::2", "2001:db8::3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, hosts := underlay(t, addresses...)
			var boxes []drivertest.Box
			for i, h := range hosts {
				boxes = append(boxes, h.box(fmt.Sprintf("c%d", i), h.net, byte(10+i)))
			}
			near := hosts[0].box("near", hosts[0].net, 20)
			for _, b := range append(boxes, near) {
				b.Serve(80)
			}
			for _, from := range boxes {
				for _, to := range append(boxes, near) {
					from.WantReach(to.Address(0), 80, from.Address(0).String())
					from.WantReach(to.Address6(0), 80, from.Address6(0).String())
				}
			}
			wantMTU(t, boxes[0], map[string]int{"IPv4": 1450, "IPv6": 1430}[name])
		})
	}
}

func wantMTU(t *testing.T, b drivertest.Box, want int) {
	t.Helper()
	must(t, b.Do(func() error {
		link, err := net.InterfaceByName("eth0")
		if err == nil && link.MTU != want {
			t.Errorf("mtu is %d, want %d", link.MTU, want)
		}
		return err
	}))
}

// Networks with the same addresses do not meet.
func TestNetworksStayApart(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a := hosts[0].box("a", hosts[0].net, 10)
	var other cnm.Network
	hosts[1].do(func() {
		s := spec("other", 43)
		s.Subnets[0].Subnet, s.Subnets[1].Subnet = netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("fd00:8::/64")
		must(t, hosts[1].DeleteNetwork(t.Context(), hosts[1].net.ID))
		other = hosts[1].Net(s)
	})
	b := hosts[1].box("b", other, 11)
	b.Serve(80)
	a.WantCut(b.Address(0), 80)
}

// A host that has no endpoint of a network cannot send into it.
func TestOnlyPeersSpeak(t *testing.T) {
	f, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	all := f.peers[42]
	hosts[1].do(func() { must(t, hosts[1].driver.SetPeers(t.Context(), 42, nil)) })
	a.WantCut(b.Address(0), 80)
	hosts[1].do(func() {
		if rules := nft(t); !strings.Contains(rules, "drop") || strings.Contains(rules, "packets 0") {
			t.Errorf("nothing was dropped:\n%s", rules)
		}
		must(t, hosts[1].driver.SetPeers(t.Context(), 42, all))
	})
	a.WantReach(b.Address(0), 80, "")
}

// What nobody was told of is not looked for on other hosts: no packet leaves.
func TestNoFlooding(t *testing.T) {
	f, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	f.mu.Lock()
	f.mute = true
	f.mu.Unlock()
	c := hosts[1].box("c", hosts[1].net, 12)
	c.Serve(80)
	before := sent(t, hosts[0])
	a.WantCut(c.Address(0), 80)
	if after := sent(t, hosts[0]); after != before {
		t.Errorf("%d packets left the host in search of an endpoint that is not known", after-before)
	}
	must(t, f.tell(t.Context(), 42))
	a.WantReach(c.Address(0), 80, "")
}

// sent counts the packets that left a host through vxlan links.
func sent(t *testing.T, h *host) (packets uint64) {
	t.Helper()
	ns, err := netns.Open(filepath.Clean(namespaceOf(h)))
	must(t, err)
	defer func() { must(t, ns.Close()) }()
	links, err := ns.Netlink().LinkList()
	must(t, err)
	for _, l := range links {
		if l.Type() == "vxlan" {
			packets += l.Attrs().Statistics.TxPackets
		}
	}
	return packets
}

func namespaceOf(h *host) string { return h.driver.Namespace() }

// An endpoint that moves is found at its new host.
func TestAnEndpointMoves(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1", "192.0.2.2", "192.0.2.3")
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	b.Serve(80)
	a.WantReach(b.Address(0), 80, "")
	hosts[1].do(func() { must(t, hosts[1].Leave(t.Context(), hosts[1].net.ID, b.Endpoints[0].ID)) })
	moved := hosts[2].box("b", hosts[2].net, 11)
	moved.Serve(80)
	a.WantReach(moved.Address(0), 80, a.Address(0).String())
}

// A driver that starts anew knows of the kernel what an earlier one was told: what
// runs goes on, and what went meanwhile is taken away.
func TestPeersOutliveTheProcess(t *testing.T) {
	f, hosts := underlay(t, "192.0.2.1", "192.0.2.2")
	a, b := hosts[0].box("a", hosts[0].net, 10), hosts[1].box("b", hosts[1].net, 11)
	gone := hosts[1].box("gone", hosts[1].net, 12)
	b.Serve(80)
	gone.Serve(80)
	a.WantReach(gone.Address(0), 80, "")
	before := hosts[0].driver.Peers(42)
	again := newDriver(t, hosts[0].options)
	hosts[0].do(func() {
		must(t, again.Restore([]cnm.Network{hosts[0].net}, a.Endpoints))
		if diff := cmp.Diff(before, again.Peers(42), cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
			t.Errorf("peers that were read back (-told +read):\n%s", diff)
		}
		_, err := again.Sweep(t.Context(), func() []cnm.Endpoint { return a.Endpoints })
		must(t, err)
	})
	a.WantReach(b.Address(0), 80, "")
	a.WantReach(gone.Address(0), 80, "")
	left := slices.DeleteFunc(slices.Clone(f.peers[42]), func(p overlay.Peer) bool { return p.MAC == gone.Endpoints[0].MAC })
	hosts[0].do(func() { must(t, again.SetPeers(t.Context(), 42, left)) })
	a.WantReach(b.Address(0), 80, "")
	a.WantCut(gone.Address(0), 80)
	back := slices.DeleteFunc(slices.Clone(f.peers[42]), func(p overlay.Peer) bool { return p.MAC != gone.Endpoints[0].MAC })
	hosts[0].do(func() { must(t, again.ChangePeers(t.Context(), 42, back, nil)) })
	a.WantReach(gone.Address(0), 80, "")
	hosts[0].do(func() {
		must(t, again.ChangePeers(t.Context(), 42, nil, back))
		third := newDriver(t, hosts[0].options)
		must(t, third.Restore([]cnm.Network{hosts[0].net}, a.Endpoints))
		if diff := cmp.Diff(again.Peers(42), third.Peers(42), cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); diff != "" {
			t.Errorf("the kernel has others than were told (-told +has):\n%s", diff)
		}
	})
	hosts[0].do(func() { must(t, again.SetPeers(t.Context(), 42, nil)) })
	if left := again.Peered(); len(left) != 0 {
		t.Errorf("peers are left: %v", left)
	}
}

// Where the fabric numbers the networks nobody chooses a VNI.
func TestNumberedNetworks(t *testing.T) {
	d := newDriver(t, overlay.Options{Local: netip.MustParseAddr("192.0.2.1"), Numbered: true})
	n := cnm.Network{ID: "n", Options: map[string]string{overlay.OptionVNI: "42"}}
	if err := d.CreateNetwork(t.Context(), n); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("a VNI was taken: %v", err)
	}
}

func TestWrongNetworksAreRefused(t *testing.T) {
	_, hosts := underlay(t, "192.0.2.1")
	hosts[0].do(func() {
		for _, test := range []struct {
			vni  string
			code linkspan.Code
		}{{"", linkspan.Invalid}, {"0", linkspan.Invalid}, {"16777216", linkspan.Invalid}, {"x", linkspan.Invalid}, {"42", linkspan.Conflict}} {
			s := cnm.NetworkSpec{Name: "other", Driver: "overlay"}
			if test.vni != "" {
				s.Options = map[string]string{overlay.OptionVNI: test.vni}
			}
			if _, err := hosts[0].NewNetwork(t.Context(), s); linkspan.CodeOf(err) != test.code {
				t.Errorf("VNI %q: got %v, want %s", test.vni, err, test.code)
			}
		}
	})
	if _, err := overlay.New(overlay.Options{}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("without an underlay: %v", err)
	}
}

func nft(t *testing.T) string {
	t.Helper()
	deadline := time.Now().Add(drivertest.Patience)
	for {
		conn, err := nftables.New()
		must(t, err)
		chains, err := conn.ListChains()
		must(t, err)
		out := ""
		for _, c := range chains {
			rules, err := conn.GetRules(c.Table, c)
			must(t, err)
			out += describe(rules)
		}
		if out != "" || time.Now().After(deadline) {
			return out
		}
	}
}
