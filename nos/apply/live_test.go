// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/apply/acl"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/apply/link"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// whole is a switch of all parts in their order, and the hosts on its ports.
type whole struct {
	*testing.T
	ovs   *ovstest.Instance
	parts []apply.Part
	now   *tree.Tree
}

func newWhole(t *testing.T) *whole {
	t.Helper()
	ovstest.Need(t, "ip", "nsenter", "ping", "nft")
	w := &whole{T: t, ovs: ovstest.Start(t), now: empty(t)}
	br := ovs.Start(ovs.Config{Bridge: bridge.Name, RunDir: w.ovs.RunDir})
	t.Cleanup(br.Close)
	links, err := link.New(link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(links.Close)
	flows := forward.New(forward.Options{Dial: br.Channel})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- flows.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	w.parts = []apply.Part{
		{Name: "addresses", Host: links.Leaving()}, {Name: "bridge", Host: bridge.New(bridge.Config{Switch: br})},
		{Name: "addresses", Host: links.Coming()}, {Name: "access lists", Host: acl.New(acl.Options{})}, {Name: "forward", Host: flows},
		{Name: "addresses", Host: links.Telling()},
	}
	return w
}

// host plugs a host with an address into a port; its router is the first address of the prefix.
func (w *whole) host(port, address, router string) func(argv ...string) error {
	w.Helper()
	space := strings.Replace(ovstest.Namespace(w), "self", fmt.Sprint(os.Getpid()), 1)
	ovstest.IP(w, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
	w.Cleanup(func() { ovstest.IP(w, "link", "del", port) })
	in := func(argv ...string) error {
		out, err := exec.CommandContext(context.WithoutCancel(w.Context()), "nsenter", append([]string{"--net=" + space}, argv...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%v: %w: %s", argv, err, out)
		}
		return nil
	}
	for _, args := range []string{"addr add " + address + " dev eth0", "link set eth0 up", "route add default via " + router} {
		if err := in(append([]string{"ip"}, strings.Fields(args)...)...); err != nil {
			w.Fatal(err)
		}
	}
	return in
}

// commit applies a change and reads it back.
func (w *whole) commit(commands ...string) {
	w.Helper()
	next := w.with(commands...)
	if err := w.apply(w.now, next); err != nil {
		w.Fatal(err)
	}
	w.now = next
}

// boot applies all to a host of which nothing is known, until it has succeeded.
func (w *whole) boot() {
	w.Helper()
	var err error
	defer func() {
		if w.Failed() {
			w.Log(err)
		}
	}()
	ovstest.Eventually(w, "all is applied", func() bool { err = w.apply(nil, w.now); return err == nil })
}

func (w *whole) apply(old, next *tree.Tree) error {
	p, err := apply.Of(w.parts...).Plan(w.Context(), old, next)
	if err == nil {
		err = p.Apply(w.Context())
	}
	if err == nil {
		err = p.Verify(w.Context())
	}
	return err
}

func (w *whole) with(commands ...string) *tree.Tree {
	w.Helper()
	next, err := w.now.Merge(tree.Commands, []byte(strings.Join(commands, "\n")+"\n"))
	if err != nil {
		w.Fatal(err)
	}
	return next
}

// reaches waits until an address answers, and says how it did not.
func (w *whole) reaches(from func(...string) error, address string) {
	w.Helper()
	ovstest.Eventually(w, address+" answers", func() bool { return from("ping", "-c", "1", "-W", "5", address) == nil })
}

func (w *whole) drift(want ...string) {
	w.Helper()
	found, err := apply.Of(w.parts...).Drift(w.Context(), w.now)
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, tree.Join(d.Path)+" want="+d.Want+" have="+d.Have)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.Errorf("drift %q, want %q", got, want)
	}
}

// TestAWholeSwitch has three hosts in two VLANs between which it routes.
func TestAWholeSwitch(t *testing.T) {
	w := newWhole(t)
	a := w.host("p1", "192.0.2.2/26", "192.0.2.1")
	w.host("p2", "192.0.2.3/26", "192.0.2.1")
	w.host("p3", "192.0.2.66/26", "192.0.2.65")
	w.commit("set ports p1 vlan 10", "set ports p2 vlan 10", "set ports p3 vlan 20",
		"set vlans 10 interface address 192.0.2.1/26", "set vlans 20 interface address 192.0.2.65/26")
	for _, address := range []string{"192.0.2.3", "192.0.2.1", "192.0.2.66"} {
		w.reaches(a, address)
	}
	w.drift()
	t.Run("a failure after all else", func(*testing.T) { w.failsAfterAll(a) })
	t.Run("an access list", func(*testing.T) {
		w.commit("set vlans 10 interface acl-in l", "set acls l rules 10 action permit", "set acls l rules 10 protocol icmp", "set acls l rules 10 destination 192.0.2.128/26")
		if err := a("ping", "-c", "2", "-W", "1", "192.0.2.66"); err == nil {
			t.Error("it passes what it must not")
		}
		w.reaches(a, "192.0.2.1") // the switch itself is not what is routed
		w.commit("delete vlans 10 interface acl-in", "delete acls l")
		w.reaches(a, "192.0.2.66")
	})
	t.Run("all of it is gone", func(t *testing.T) {
		w.ovs.Vsctl("del-br", bridge.Name)
		if found, err := apply.Of(w.parts[:4]...).Drift(t.Context(), w.now); err != nil || len(found) == 0 {
			t.Errorf("drift %v, %v", found, err)
		}
		w.boot()
		w.reaches(a, "192.0.2.66")
		w.drift()
	})
	w.commit("delete ports", "delete vlans")
	w.drift()
}

// failsAfterAll takes all away, and a part behind all others fails.
func (w *whole) failsAfterAll(a func(...string) error) {
	w.Helper()
	bad := errors.New("no")
	last := &part{name: "last", story: new(story), apply: bad}
	p, err := apply.Of(append(w.parts, apply.Part{Name: "last", Host: last})...).Plan(w.Context(), w.now, w.with("delete ports", "delete vlans"))
	if err != nil {
		w.Fatal(err)
	}
	if err := p.Apply(w.Context()); !errors.Is(err, bad) || err.Error() != "last: no" {
		w.Errorf("got %v", err)
	}
	w.drift()
	w.reaches(a, "192.0.2.66")
}
