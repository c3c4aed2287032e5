// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// world is a host with two networks and, beyond a link, somebody outside.
type world struct {
	*drivertest.Host
	outside *netns.Sandbox
	t       *testing.T
}

// The host and the one outside, on both sides of the link.
const (
	hostAt, outsideAt   = "192.0.2.1", "192.0.2.2"
	hostAt6, outsideAt6 = "2001:db8::1", "2001:db8::2"
)

func newWorld(t *testing.T) world {
	t.Helper()
	ovstest.Need(t, "ip")
	_ = os.WriteFile(bridgedFilter, []byte("0"), 0o644) // where there is no such file it is off
	path := ovstest.Namespace(t)
	box, err := netns.Open(path)
	must(t, err)
	ovstest.IP(t, "link", "add", "up0", "type", "veth", "peer", "name", "out0")
	t.Cleanup(func() { ovstest.IP(t, "link", "delete", "up0"); must(t, box.Close()) })
	must(t, box.Take("out0", "out0"))
	ovstest.IP(t, "address", "add", hostAt+"/24", "dev", "up0")
	ovstest.IP(t, "address", "add", hostAt6+"/64", "dev", "up0", "nodad")
	ovstest.IP(t, "link", "set", "up0", "up")
	must(t, box.Do(func() error {
		ovstest.IP(t, "address", "add", outsideAt+"/24", "dev", "out0")
		ovstest.IP(t, "address", "add", outsideAt6+"/64", "dev", "out0", "nodad")
		ovstest.IP(t, "link", "set", "out0", "up")
		ovstest.IP(t, "route", "add", "10.0.0.0/8", "via", hostAt)
		ovstest.IP(t, "-6", "route", "add", "fd00::/8", "via", hostAt6)
		return nil
	}))
	return world{Host: drivertest.NewHost(t, "bridge", newDriver()), outside: box, t: t}
}

// bridgedFilter is the switch of br_netfilter.
const bridgedFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables"

// bothWays runs a test without and with br_netfilter.
func bothWays(t *testing.T, test func(t *testing.T, w world)) {
	t.Run("routed", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("bridged packets are filtered", func(t *testing.T) {
		w := newWorld(t)
		if err := os.WriteFile(bridgedFilter, []byte("1"), 0o644); err != nil {
			t.Skipf("needs the kernel's br_netfilter: %v", err)
		}
		test(t, w)
	})
}

// out returns a box for the one outside.
func (w world) out() drivertest.Box {
	w.t.Helper()
	s, err := w.NewSandbox(w.t.Context(), cnm.SandboxSpec{Name: "outside", Path: w.path()})
	must(w.t, err)
	return w.Wrap(s)
}

func (w world) path() string { return w.outside.Path() }

func at(s string) netip.Addr { return netip.MustParseAddr(s) }

func subnets(of ...string) []cnm.SubnetSpec {
	var specs []cnm.SubnetSpec
	for _, s := range of {
		specs = append(specs, cnm.SubnetSpec{Subnet: netip.MustParsePrefix(s)})
	}
	return specs
}

// Containers of a network reach each other and the world, as the host; nobody
// reaches them, and no other network does.
func TestANetwork(t *testing.T) { bothWays(t, aNetwork) }

func aNetwork(t *testing.T, w world) {
	web := w.Net(cnm.NetworkSpec{Name: "web", Subnets: subnets("10.7.0.0/24", "fd00:7::/64")})
	other := w.Net(cnm.NetworkSpec{Name: "other", Subnets: subnets("10.8.0.0/24", "fd00:8::/64")})
	a, b, c, out := w.Box("a", web), w.Box("b", web), w.Box("c", other), w.out()
	for _, box := range []drivertest.Box{a, b, c, out} {
		box.Serve(80)
	}
	a.WantReach(b.Address(0), 80, a.Address(0).String())
	a.WantReach(b.Address6(0), 80, a.Address6(0).String())
	a.WantReach(at(outsideAt), 80, hostAt)
	a.WantReach(at(outsideAt6), 80, hostAt6)
	a.WantCut(c.Address(0), 80)
	a.WantCut(c.Address6(0), 80)
	out.WantCut(a.Address(0), 80)
	out.WantCut(a.Address6(0), 80)
	if seen, err := drivertest.Dial(a.Address(0), 80, drivertest.Patience); err != nil || seen != "10.7.0.1" {
		t.Errorf("the host to its container: %q, %v", seen, err)
	}
}

// A host that begins to forward IPv6 keeps to its routers.
func TestRouterAdvertisementsAreStillTaken(t *testing.T) {
	w := newWorld(t)
	const forwarding, accept = "/proc/sys/net/ipv6/conf/all/forwarding", "/proc/sys/net/ipv6/conf/up0/accept_ra"
	must(t, os.WriteFile(forwarding, []byte("0"), 0o644))
	must(t, os.WriteFile(accept, []byte("1"), 0o644))
	w.Net(cnm.NetworkSpec{Name: "web", IPv6: true})
	for path, want := range map[string]string{forwarding: "1", accept: "2"} {
		if got, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s is %s, %v, want %s", path, got, err, want)
		}
	}
}

func TestWithoutInterContainerCommunication(t *testing.T) { bothWays(t, withoutICC) }

func withoutICC(t *testing.T, w world) {
	web := w.Net(cnm.NetworkSpec{Name: "web", Options: map[string]string{bridge.OptionICC: "false"}})
	a, out := w.Box("a", web), w.out()
	b := w.BoxWith("b", []cnm.PortMap{{Proto: 6, Port: 80, HostPort: 8080}}, web)
	b.Serve(80)
	out.Serve(80)
	a.WantCut(b.Address(0), 80)
	a.WantReach(at(outsideAt), 80, hostAt)
	a.WantReach(at(hostAt), 8080, "")
}

func TestInternal(t *testing.T) {
	w := newWorld(t)
	web := w.Net(cnm.NetworkSpec{Name: "web", Internal: true})
	a, b, out := w.Box("a", web), w.Box("b", web), w.out()
	b.Serve(80)
	out.Serve(80)
	a.WantReach(b.Address(0), 80, a.Address(0).String())
	a.WantCut(at(outsideAt), 80)
	must(t, a.Do(func() error { // a route of its own does not help
		ovstest.IP(t, "route", "add", "default", "via", web.Gateway.String())
		return nil
	}))
	a.WantCut(at(outsideAt), 80)
}

// A published port is reached from everywhere: from outside, from the host by
// every address, from other networks, and from its own.
func TestPublishedPorts(t *testing.T) { bothWays(t, publishedPorts) }

func publishedPorts(t *testing.T, w world) {
	web := w.Net(cnm.NetworkSpec{Name: "web", Subnets: subnets("10.7.0.0/24", "fd00:7::/64")})
	other := w.Net(cnm.NetworkSpec{Name: "other"})
	a := w.BoxWith("a", []cnm.PortMap{
		{Proto: 6, Port: 80, HostPort: 8080}, {Proto: 6, Port: 80}, {Proto: 6, Port: 80, HostIP: hostAt, HostPort: 8081},
	}, web)
	b, c, out := w.Box("b", web), w.Box("c", other), w.out()
	a.Serve(80)
	published := a.Endpoints[0].Published
	if len(published) != 5 || published[2].HostIP != "0.0.0.0" || published[3].HostIP != "::" || published[2].HostPort == 0 ||
		published[2].HostPort != published[3].HostPort {
		t.Fatalf("published are %+v, want one of each family, and a port that was chosen", published)
	}
	chosen := published[2].HostPort
	for _, port := range []uint16{8080, chosen} {
		out.WantReach(at(hostAt), port, outsideAt)
		out.WantReach(at(hostAt6), port, outsideAt6)
		b.WantReach(at(hostAt), port, web.Gateway.String())
		c.WantReach(at(hostAt), port, "")
		a.WantReach(at(hostAt), port, web.Gateway.String())
		for _, host := range []string{hostAt, "127.0.0.1", hostAt6} {
			if _, err := drivertest.Dial(at(host), port, drivertest.Patience); err != nil {
				t.Errorf("the host to %s port %d: %v", host, port, err)
			}
		}
	}
	out.WantReach(at(hostAt), 8081, outsideAt)
	b.WantCut(web.Gateway, 8081)
	out.WantCut(a.Address(0), 80)
	a.WantCut(at("127.0.0.1"), 8080)
}

// A firewall that drops by default lets the driver's networks through, and has
// its own rules again when they are gone.
func TestBesideAStrictFirewall(t *testing.T) {
	for _, chain := range []string{"FORWARD", "DOCKER-USER"} {
		t.Run(chain, func(t *testing.T) {
			w := newWorld(t)
			ovstest.Need(t, "iptables")
			run := func(args ...string) string {
				t.Helper()
				out, err := exec.Command("iptables", args...).CombinedOutput()
				if err != nil {
					t.Skipf("needs iptables of nftables: %v: %s", err, out)
				}
				return string(out)
			}
			run("-P", "FORWARD", "DROP")
			defer func() { run("-F"); run("-P", "FORWARD", "ACCEPT"); removeTable(t, "filter") }()
			if chain != "FORWARD" {
				run("-N", chain)
				run("-A", "FORWARD", "-j", chain)
				run("-A", chain, "-j", "RETURN")
				defer func() { run("-F"); run("-X", chain) }()
			}
			before := run("-S")
			web := w.Net(cnm.NetworkSpec{Name: "web"})
			a, out := w.BoxWith("a", []cnm.PortMap{{Proto: 6, Port: 80, HostPort: 8080}}, web), w.out()
			a.Serve(80)
			out.Serve(80)
			a.WantReach(at(outsideAt), 80, hostAt)
			out.WantReach(at(hostAt), 8080, outsideAt)
			out.WantCut(a.Address(0), 80)
			must(t, w.DeleteSandbox(t.Context(), a.ID))
			must(t, w.DeleteEndpoint(t.Context(), web.ID, a.Endpoints[0].ID))
			must(t, w.DeleteNetwork(t.Context(), web.ID))
			if after := run("-S"); after != before {
				t.Errorf("rules were\n%s, and are\n%s", before, after)
			}
		})
	}
}

func TestAPortIsPublishedOnce(t *testing.T) {
	w := newWorld(t)
	web := w.Net(cnm.NetworkSpec{Name: "web"})
	ports := []cnm.PortMap{{Proto: 17, Port: 53, HostPort: 5353}, {Proto: 6, Port: 80, HostPort: 8080}}
	a := w.BoxWith("a", ports, web)
	b := w.Box("b")
	e, err := w.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: web.ID})
	must(t, err)
	req := cnm.JoinRequest{Network: web.ID, Endpoint: e.ID, SandboxKey: b.Key, PortMaps: ports}
	if _, err := w.Join(t.Context(), req); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("got %v, want in use", err)
	}
	if e, err := w.Endpoint(e.ID); err != nil || e.State != cnm.Created || e.Interface != "" {
		t.Errorf("endpoint is %+v, %v, want it out of the sandbox", e, err)
	}
	must(t, w.Leave(t.Context(), web.ID, a.Endpoints[0].ID))
	_, err = w.Join(t.Context(), req)
	must(t, err)
	req.PortMaps[1].HostPort, req.PortMaps[1].HostPortEnd = 8080, 8089
	f, err := w.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: web.ID})
	must(t, err)
	_, err = w.Join(t.Context(), cnm.JoinRequest{Network: web.ID, Endpoint: f.ID, SandboxKey: a.Key, PortMaps: req.PortMaps[1:]})
	must(t, err)
	if f, _ = w.Endpoint(f.ID); len(f.Published) != 1 || f.Published[0].HostPort != 8081 {
		t.Errorf("of a range: %+v, want 8081", f.Published)
	}
}

func TestRouted(t *testing.T) {
	w := newWorld(t)
	web := w.Net(cnm.NetworkSpec{Name: "web", Options: map[string]string{bridge.OptionGatewayMode4: "routed"}})
	a := w.BoxWith("a", []cnm.PortMap{{Proto: 6, Port: 80}}, web)
	out := w.out()
	a.Serve(80)
	a.Serve(81)
	out.Serve(80)
	out.WantReach(a.Address(0), 80, outsideAt)
	out.WantCut(a.Address(0), 81)
	a.WantReach(at(outsideAt), 80, a.Address(0).String())
}

func TestMTUAndName(t *testing.T) {
	w := newWorld(t)
	web := w.Net(cnm.NetworkSpec{Name: "web", Options: map[string]string{
		"com.docker.network.driver.mtu": "1400", bridge.OptionName: "web0", "com.docker.network.container_iface_prefix": "net",
	}})
	a := w.Box("a", web)
	if a.Endpoints[0].Interface != "net0" {
		t.Errorf("interface is %s", a.Endpoints[0].Interface)
	}
	if link := ovstest.IP(t, "-o", "link", "show", "web0"); !strings.Contains(link, "mtu 1400") {
		t.Errorf("bridge is %s", link)
	}
	_, err := w.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "other", Driver: "bridge", Options: map[string]string{bridge.OptionName: "web0"}})
	if linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("a second one of that name: %v", err)
	}
}

// A bridge that somebody made is used and stays.
func TestAGivenBridgeStays(t *testing.T) {
	w := newWorld(t)
	ovstest.IP(t, "link", "add", "mine", "type", "bridge")
	defer ovstest.IP(t, "link", "delete", "mine")
	web := w.Net(cnm.NetworkSpec{Name: "web", Options: map[string]string{bridge.OptionName: "mine"}})
	must(t, w.DeleteNetwork(t.Context(), web.ID))
	ovstest.IP(t, "link", "show", "mine")
}

// A new process goes on with what there is, and makes again what is not.
func TestARestartAfterABoot(t *testing.T) {
	w := newWorld(t)
	web := w.Net(cnm.NetworkSpec{Name: "web"})
	a := w.BoxWith("a", []cnm.PortMap{{Proto: 6, Port: 80, HostPort: 8080}}, web)
	a.Serve(80)
	out := w.out()
	d := bridge.New(bridge.Options{})
	ovstest.IP(t, "link", "add", "lbr-leftover", "type", "bridge")
	w.Restart("bridge", d)
	removed, err := d.Sweep(t.Context(), w.Endpoints)
	must(t, err)
	if removed != 1 {
		t.Errorf("swept %d, want the leftover", removed)
	}
	out.WantReach(at(hostAt), 8080, outsideAt)
	must(t, w.DeleteSandbox(t.Context(), a.ID))
	ovstest.IP(t, "link", "delete", "dev", bridgeOf(t))
	_, err = d.Sweep(t.Context(), w.Endpoints)
	must(t, err)
	b, c := w.Box("b", web), w.Box("c", web)
	b.Serve(80)
	c.WantReach(b.Address(0), 80, c.Address(0).String())
}

func TestWrongOptionsAreRefused(t *testing.T) {
	w := newWorld(t)
	for key, value := range map[string]string{
		bridge.OptionICC: "maybe", bridge.OptionName: "a name", bridge.OptionGatewayMode4: "isolated", "x": "y",
		bridge.OptionHostBinding: "fd00::1", "com.docker.network.driver.mtu": strconv.Itoa(70000),
	} {
		_, err := w.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "web", Driver: "bridge", Options: map[string]string{key: value}})
		if linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s=%s: got %v", key, value, err)
		}
	}
	if left := traces(t); len(left) > 0 || len(w.Networks()) > 0 || len(w.Pools()) > 0 {
		t.Errorf("left are %v, %v, %v", left, w.Networks(), w.Pools())
	}
}
