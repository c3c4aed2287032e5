// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/mode"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// world is a switch with its two bridges, a controller, and hosts in namespaces on its ports.
type world struct {
	t       testing.TB
	ovs     *ovstest.Instance
	sw      *ovs.Switch // br-switch
	link    *ovs.Switch // br-link
	hub     *control.Hub
	options mode.Options
	keeper  *mode.Keeper
	fabric  *fabric
	schema  *schema.Schema
	now     *tree.Tree
	hosts   map[string]string // namespaces by name
	runs    sync.WaitGroup
	kept    sync.WaitGroup
	stop    func() // ends the keeper

	written []string // flows of package forward
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld has hosts a, b and c on ports of VLAN 10, with addresses 10.7.0.2 and on. Nothing
// is configured.
func newWorld(t testing.TB, change ...func(*mode.Options)) *world {
	ovstest.Need(t, "ip", "ping", "nsenter", "chrt")
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{t: t, ovs: ovstest.Start(t), hosts: make(map[string]string)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	w.hub = control.New(control.Config{Log: slog.New(slog.DiscardHandler)})
	w.fabric = &fabric{hub: w.hub, connected: true}
	w.hub.Update(view.PutNetwork(&linkspan.Network{ID: 7, Name: "office", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Gateway: netip.MustParseAddr("10.7.0.1"),
		Subnet6: netip.MustParsePrefix("fd07::/64"), Gateway6: netip.MustParseAddr("fd07::1"), Idle: patience}))
	w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: 1, Name: "h1", Underlay: netip.MustParseAddr("192.0.2.1")}))
	w.sw, w.link = w.bridge("br-switch", 2), w.bridge("br-link", linkspan.ChassisID(1).DPID())
	var err error
	w.schema, err = schema.Base()
	must(t, err)
	w.now = tree.New(w.schema)
	w.options = mode.Options{Dial: w.sw.Channel, Ports: w.sw, Guests: w.sw, Log: log, Prepare: patience, Watch: patience, Settle: 10 * time.Second}
	for _, c := range change {
		c(&w.options)
	}
	w.keeper = mode.New(w.options)
	keeping, end := context.WithCancel(ctx)
	w.stop = func() { end(); w.kept.Wait() }
	w.kept.Go(func() { _ = w.keeper.Run(keeping) })
	w.keeper.Join(mode.Link{Fabric: w.fabric, Bridge: "br-link", Numbers: new(numbers), Names: w.fabric})
	t.Cleanup(func() { w.stop(); cancel(); w.runs.Wait(); w.link.Close(); w.sw.Close() })
	w.connect(ctx)
	for i, name := range []string{"a", "b", "c"} {
		w.host(name, byte(2+i))
	}
	return w
}

func (w *world) bridge(name string, dpid linkspan.DPID) *ovs.Switch {
	s, err := ovs.Open(w.t.Context(), ovs.Config{Bridge: name, RunDir: w.ovs.RunDir})
	must(w.t, err)
	must(w.t, s.EnsureBridge(w.t.Context(), ovs.BridgeSpec{DPID: dpid}))
	return s
}

// connect joins br-link to the controller.
func (w *world) connect(ctx context.Context) {
	conn, err := w.link.Channel(ctx)
	must(w.t, err)
	w.runs.Go(func() { _ = w.hub.Accept(ctx, conn, control.Peer{Chassis: 1, Remote: "mgmt"}) })
	ovstest.Eventually(w.t, "the controller has the bridge", func() bool {
		info, _ := w.hub.Connected(1)
		return info.Ready
	})
}

// host makes a host on a port of its name.
func (w *world) host(name string, last byte) {
	w.t.Helper()
	ns := ovstest.Namespace(w.t)
	w.hosts[name] = strings.Replace(ns, "/self/", fmt.Sprintf("/%d/", os.Getpid()), 1)
	must(w.t, netns.CreateVeth(w.t.Context(), netns.Veth{Host: name, Peer: name + "0", MAC: macOf(last)}))
	ovstest.IP(w.t, "link", "set", name+"0", "netns", w.hosts[name])
	w.in(name, "ip", "addr", "add", fmt.Sprintf("10.7.0.%d/24", last), "dev", name+"0")
	w.in(name, "ip", "link", "set", name+"0", "up")
	must(w.t, w.sw.AddPort(w.t.Context(), ovs.Port{Name: name}))
	w.ovs.Vsctl("set", "port", name, "tag=10", "vlan_mode=access")
}

func macOf(last byte) linkspan.MAC { return linkspan.MAC{2, 0, 10, 7, 0, last} }

// in runs a command in a host.
func (w *world) in(host string, command ...string) string {
	w.t.Helper()
	out, err := w.try(host, command...)
	if err != nil {
		w.t.Fatalf("%v in %s: %v: %s", command, host, err, out)
	}
	return out
}

func (w *world) try(host string, command ...string) (string, error) {
	out, err := w.command(host, command...).CombinedOutput()
	return string(out), err
}

func (w *world) command(host string, command ...string) *exec.Cmd {
	return exec.CommandContext(w.t.Context(), "nsenter", append([]string{"--net=" + w.hosts[host], "--"}, command...)...)
}

// configure commits commands; the flows of package forward come before those of modes, as in a switch.
func (w *world) configure(commands ...string) error {
	w.t.Helper()
	next := w.now
	for _, c := range commands {
		words := strings.Fields(c)
		var err error
		if words[0] == "delete" {
			next, err = next.Delete(words[1:]...)
		} else {
			next, err = next.Set(words[1:]...)
		}
		must(w.t, err)
	}
	w.forward(next)
	plan, err := w.keeper.Plan(w.t.Context(), w.now, next)
	if err == nil {
		err = plan.Apply(w.t.Context())
	}
	if err == nil {
		err = plan.Verify(w.t.Context())
	}
	if err == nil {
		w.now = next
	}
	return err
}

// forward puts the flows of package forward into br-switch.
func (w *world) forward(t *tree.Tree) {
	ports, err := w.sw.Ports(w.t.Context())
	must(w.t, err)
	facts := forward.Facts{Ports: make(map[string]uint32)}
	for _, p := range ports {
		facts.Ports[p.Name] = p.OFPort
	}
	set := forward.Flows(t, facts)
	var lines []string
	for i := range set.Flows {
		lines = append(lines, fmt.Sprintf("cookie=%d,%s", forward.Cookie, &set.Flows[i]))
	}
	if slices.Equal(lines, w.written) {
		return // as package forward does: most changes of modes are about nothing of it
	}
	w.written = lines
	file := filepath.Join(w.t.TempDir(), "flows")
	must(w.t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	w.ovs.Ofctl("add-flows", "br-switch", file)
}

// vlan10 are commands for the three ports.
func vlan10() []string {
	return []string{
		"set vlans 10 network office", "set ports a vlan 10", "set ports b vlan 10", "set ports c vlan 10",
	}
}

// reaches waits until one host has an answer from another.
func (w *world) reaches(from string, last byte) {
	w.t.Helper()
	ovstest.Eventually(w.t, fmt.Sprintf("%s reaches 10.7.0.%d", from, last), func() bool {
		_, err := w.try(from, "ping", "-n", "-c1", "-W1", fmt.Sprintf("10.7.0.%d", last))
		return err == nil
	})
}

// fabric is the controller's API as a switch has it, on a hub.
type fabric struct {
	hub *control.Hub

	mu        sync.Mutex
	connected bool
	since     time.Time
	refuse    error
}

func (f *fabric) Ready() (bool, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connected, f.since
}

func (f *fabric) Networks() (all []linkspan.Network) {
	for n := range f.hub.View().Networks() {
		all = append(all, *n)
	}
	return all
}

func (f *fabric) Endpoints() (all []linkspan.Endpoint) {
	for e := range f.hub.View().Owned(1) {
		all = append(all, *e)
	}
	return all
}

func (f *fabric) Reserve(_ context.Context, n linkspan.NetworkID, a netip.Addr, name string) (netip.Addr, error) {
	f.hub.Update(view.PutEndpoint(&linkspan.Endpoint{Network: n, Address: a, Chassis: 1, Container: name}))
	return a, nil
}

func (f *fabric) Attach(_ context.Context, e linkspan.Endpoint) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	e.Chassis = 1
	f.hub.Update(view.PutEndpoint(&e))
	return nil
}

// Bearer implements [mode.Names].
func (f *fabric) Bearer(_ context.Context, n linkspan.NetworkID, a netip.Addr) (string, error) {
	if e := f.hub.View().Endpoint(view.Key{Network: n, Address: a}); e != nil && e.Attached() {
		return e.Container, nil
	}
	return "", nil
}

func (f *fabric) Release(_ context.Context, n linkspan.NetworkID, a netip.Addr) error {
	f.hub.Update(view.RemoveEndpoint(n, a))
	return nil
}

// numbers gives numbers in order.
type numbers struct {
	mu   sync.Mutex
	next uint32
	by   map[string]uint32
}

func (n *numbers) Number(id string) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.by == nil {
		n.by, n.next = make(map[string]uint32), 100
	}
	if n.by[id] == 0 {
		n.by[id] = n.next
		n.next++
	}
	return n.by[id], nil
}

func (n *numbers) Hold(id string, number uint32) {
	_, _ = n.Number(id)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by[id], n.next = number, max(n.next, number+1)
}

func (n *numbers) Free(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.by, id)
}
