// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// world is a namespace with the devices n0 and v10, each with another end that is up.
type world struct {
	*testing.T
	file  string
	links *Links
	host  config.Host
	now   *tree.Tree
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ovstest.Need(t, "ip")
	w := &world{T: t, file: filepath.Join(t.TempDir(), "links.json")}
	for _, name := range []string{"n0", "vlan10"} {
		w.ip("link", "add", name, "type", "veth", "peer", "name", name+"p")
		w.ip("link", "set", name+"p", "up")
		t.Cleanup(func() { _ = exec.CommandContext(context.WithoutCancel(t.Context()), "ip", "link", "del", name).Run() })
	}
	w.start()
	w.now = configured(t)
	return w
}

// start is a start of the process.
func (w *world) start() {
	w.Helper()
	if w.links != nil {
		w.links.Close()
	}
	links, err := New(Options{File: w.file})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(links.Close)
	w.links, w.host = links, apply.Of(apply.Part{Name: "leaving", Host: links.Leaving()}, apply.Part{Name: "coming", Host: links.Coming()})
}

func (w *world) ip(args ...string) string {
	w.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(w.Context()), "ip", args...).CombinedOutput()
	if err != nil {
		w.Fatalf("ip %v: %v: %s", args, err, out)
	}
	return string(out)
}

// commit applies and reads back; from an unknown host if boot.
func (w *world) commit(boot bool, commands ...string) config.Plan {
	w.Helper()
	next := with(w, w.now, commands...)
	old := w.now
	if boot {
		old = nil
	}
	p, err := w.host.Plan(w.Context(), old, next)
	if err == nil {
		err = p.Apply(w.Context())
	}
	if err == nil {
		err = p.Verify(w.Context())
	}
	if err != nil {
		w.Fatal(err)
	}
	w.now = next
	return p
}

// has checks what ip shows.
func (w *world) has(command string, want ...string) {
	w.Helper()
	out := w.ip(strings.Fields(command)...)
	for _, text := range want {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(out, text) == not {
			w.Errorf("ip %s: want %q (not: %v) in\n%s", command, text, not, out)
		}
	}
}

func (w *world) drift(want ...string) {
	w.Helper()
	found, err := w.host.Drift(w.Context(), w.now)
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, tree.Join(d.Path)+" want="+d.Want+" have="+d.Have)
	}
	equal(w.T, want, got)
}

func TestAddressesComeGoAndReturn(t *testing.T) {
	w := newWorld(t)
	before := w.now
	p := w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 address 2001:db8::1/64", "set interfaces n0 mtu 1400",
		"set vlans 10 interface address 198.51.100.1/25", "set routes 203.0.113.0/24 192.0.2.254")
	w.has("addr show dev n0", "192.0.2.1/24 brd 192.0.2.255", "2001:db8::1/64", "mtu 1400", "state UP")
	w.has("addr show dev vlan10", "198.51.100.1/25")
	w.has("route show", "203.0.113.0/24 via 192.0.2.254 dev n0 proto 108 metric 1")
	w.drift()
	if err := p.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.has("addr show dev n0", "!192.0.2.1", "!2001:db8", "mtu 1500", "state DOWN")
	w.has("addr show dev vlan10", "!198.51.100.1")
	w.has("route show", "!proto 108")
	w.now = before
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 mtu 1400")
	w.commit(false, "delete interfaces n0")
	w.has("addr show dev n0", "!192.0.2.1", "mtu 1500", "state UP")
}

func TestAnInterfaceThatWasDownHasAllAgain(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 address 2001:db8::1/64",
		"set routes 203.0.113.0/24 192.0.2.254", "set routes 2001:db8:1::/48 2001:db8::254", "set routes 203.0.113.0/24 blackhole distance 200")
	w.commit(false, "set interfaces n0 enabled false")
	w.has("route show", "!via 192.0.2.254", "blackhole 203.0.113.0/24")
	w.drift()
	w.commit(false, "delete interfaces n0 enabled")
	w.has("route show", "203.0.113.0/24 via 192.0.2.254", "blackhole 203.0.113.0/24")
	w.has("-6 route show", "2001:db8:1::/48 via 2001:db8::254")
	w.has("addr show dev n0", "2001:db8::1/64")
}

func TestOfAnUnknownHostOnlyOursGoes(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 address 192.0.2.2/24", "set routes 203.0.113.0/24 192.0.2.254")
	w.ip("addr", "add", "192.0.2.77/24", "dev", "n0")
	w.ip("addr", "add", "198.51.100.77/25", "dev", "vlan10")
	w.ip("addr", "del", "192.0.2.1/24", "dev", "n0") // with it the kernel takes its secondary addresses
	w.ip("addr", "add", "192.0.2.2/24", "dev", "n0")
	w.ip("addr", "add", "192.0.2.77/24", "dev", "n0")
	w.drift("interfaces n0 address want=192.0.2.1/24 have=", "interfaces n0 address want= have=192.0.2.77/24", "routes 203.0.113.0/24 192.0.2.254 want=192.0.2.254 have=")
	w.start()
	w.now = configured(t, "set interfaces n0 address 192.0.2.1/24", "set vlans 10 interface address 198.51.100.1/25")
	w.commit(true)
	w.has("addr show dev n0", "192.0.2.1/24", "!192.0.2.2/24", "192.0.2.77/24")
	w.has("addr show dev vlan10", "198.51.100.1/25", "!198.51.100.77")
	w.has("route show", "!proto 108")
}

// talks says how the host's stack speaks on n0.
func (w *world) talks(want string) {
	w.Helper()
	ipv6, err6 := get(ipv6Of("n0"))
	arp, err4 := get(arpOf("n0"))
	if got := ipv6 + " " + arp; got != want || err6 != nil || err4 != nil {
		w.Errorf("disable_ipv6 and arp_ignore of n0 are %s, want %s (%v, %v)", got, want, err6, err4)
	}
}

func TestAPortSpeaksAgainWhenItIsNone(t *testing.T) {
	w := newWorld(t)
	w.ip("link", "set", "n0", "up")
	w.ip("addr", "add", "2001:db8::7/64", "dev", "n0", "nodad")
	w.ip("-6", "route", "add", "default", "via", "2001:db8::254")
	if err := set(arpOf("n0"), "1"); err != nil {
		t.Fatal(err)
	}
	speaks := func() {
		t.Helper()
		w.talks("0 1")
		w.has("addr show dev n0", "2001:db8::7/64", "state UP")
		w.has("-6 route show", "default via 2001:db8::254 dev n0")
	}
	bare, port := w.now, "set ports n0 mode trunk"
	p := w.commit(false, port)
	w.talks("1 8")
	w.has("addr show dev n0", "!2001:db8::7")
	if err := p.Undo(t.Context()); err != nil { // as a commit that is not confirmed
		t.Fatal(err)
	}
	speaks()
	w.now = bare
	w.commit(false, port)
	w.commit(true) // of another process: it does not take the silence for how n0 spoke
	w.commit(false, "delete ports n0")
	speaks()
	w.commit(false, port)
	w.commit(false, "delete ports n0", "set interfaces n0 address 192.0.2.1/24")
	speaks()
	w.now = bare
	w.commit(false, port)
	w.start()
	w.now = bare
	w.commit(true) // it was not confirmed before a start
	speaks()
}

// Who manages the switch from behind a router gets in again after a commit that is not confirmed.
func TestAnInterfaceThatWasDownHasAgainWhatOthersMade(t *testing.T) {
	w := newWorld(t)
	for _, command := range []string{
		"link set n0 up", "addr add 192.0.2.1/24 dev n0", "addr add 2001:db8::7/64 dev n0 nodad",
		"route add default via 192.0.2.254 src 192.0.2.1 metric 50", "route add 198.51.100.9 dev n0 scope link",
		"route add 203.0.113.0/24 via 198.51.100.9 table 77", "-6 route add default via 2001:db8::254",
	} {
		w.ip(strings.Fields(command)...)
	}
	routes := func() string { return w.ip("route", "show") + w.ip("route", "show", "table", "77") }
	before := routes()
	back := func() {
		t.Helper()
		if got := routes(); got != before {
			t.Errorf("routes are\n%s, and were\n%s", got, before)
		}
		w.has("-6 route show", "default via 2001:db8::254 dev n0")
		w.has("addr show dev n0", "2001:db8::7/64", "192.0.2.1/24")
	}
	bare, down := w.now, "set interfaces n0 enabled false"
	p := w.commit(false, down)
	w.has("route show", "!default")
	if err := p.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	back()
	w.now = bare
	w.commit(false, down)
	w.start()
	w.commit(false, "delete interfaces n0")
	back()
	w.commit(false, down)
	w.start()
	w.now = bare
	w.commit(true) // it was not confirmed before a start
	back()
}

func TestSeveralRoutersAndOthersInTheirPlace(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 address 2001:db8::1/64",
		"set routes 0.0.0.0/0 192.0.2.253", "set routes 0.0.0.0/0 192.0.2.254", "set routes ::/0 2001:db8::253", "set routes ::/0 2001:db8::254")
	w.has("route show default", "nexthop via 192.0.2.253", "nexthop via 192.0.2.254")
	w.has("-6 route show default", "nexthop via 2001:db8::253", "nexthop via 2001:db8::254")
	w.drift()
	w.commit(false, "delete routes 0.0.0.0/0 192.0.2.253", "delete routes ::/0 2001:db8::253")
	w.has("route show default", "default via 192.0.2.254", "!192.0.2.253")
	w.has("-6 route show default", "default via 2001:db8::254", "!2001:db8::253")
	w.commit(false, "delete routes", "set routes 0.0.0.0/0 blackhole", "set routes ::/0 blackhole")
	w.has("route show default", "blackhole default")
	w.has("-6 route show default", "blackhole default")
	w.drift()
}

func TestAnAddressLeavesItsPrefixToOthers(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set interfaces n0 address 192.0.2.2/24")
	w.commit(false, "delete interfaces n0 address 192.0.2.1/24")
	w.has("addr show dev n0", "!192.0.2.1/24", "192.0.2.2/24")
}

func TestRoutesFollowTheirInterfaces(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set routes 203.0.113.0/24 192.0.2.254", "set routes 203.0.113.0/24 blackhole distance 200")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.links.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	via := func() bool { return strings.Contains(w.ip("route", "show"), "via 192.0.2.254") }
	w.ip("link", "set", "n0p", "down") // its carrier goes, nobody takes the kernel's route away
	ovstest.Eventually(t, "the route has gone", func() bool { return !via() })
	w.ip("link", "set", "n0p", "up")
	ovstest.Eventually(t, "the route has come", via)
	w.has("route show", "blackhole 203.0.113.0/24")
}

func TestWhatTheHostCannotDo(t *testing.T) {
	w := newWorld(t)
	next := with(t, w.now, "set interfaces nowhere mtu 1400", "set ports neither mode trunk")
	if _, err := w.host.Plan(t.Context(), w.now, next); err == nil || !strings.Contains(err.Error(), "there is no device nowhere") || !strings.Contains(err.Error(), "ports neither") {
		t.Errorf("got %v", err)
	}
	next = with(t, next, "set interfaces n0 address 192.0.2.1/24")
	p, err := w.host.Plan(t.Context(), nil, next)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no device nowhere") {
		t.Errorf("got %v", err)
	}
	w.has("addr show dev n0", "192.0.2.1/24")
}

func TestAFailureHalfWayLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.commit(false, "set interfaces n0 address 192.0.2.1/24", "set routes 203.0.113.0/24 192.0.2.254")
	bad := errors.New("no")
	host := apply.Of(apply.Part{Name: "leaving", Host: w.links.Leaving()}, apply.Part{Name: "coming", Host: w.links.Coming()}, apply.Part{Name: "bad", Host: failing{bad}})
	p, err := host.Plan(t.Context(), w.now, with(t, w.now, "delete interfaces n0 address", "set interfaces n0 address 192.0.2.9/24", "set interfaces n0 mtu 1300", "delete routes"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	w.has("addr show dev n0", "192.0.2.1/24", "!192.0.2.9", "mtu 1500")
	w.has("route show", "203.0.113.0/24 via 192.0.2.254")
	w.drift()
}

// failing is a part that cannot do anything.
type failing struct{ error }

func (f failing) Plan(context.Context, *tree.Tree, *tree.Tree) (config.Plan, error) { return f, nil }
func (f failing) Drift(context.Context, *tree.Tree) ([]config.Drift, error)         { return nil, nil }
func (f failing) Steps() []string                                                   { return nil }
func (f failing) Apply(context.Context) error                                       { return f.error }
func (f failing) Verify(context.Context) error                                      { return nil }
func (f failing) Undo(context.Context) error                                        { return nil }
