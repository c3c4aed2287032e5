// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// newDummies is a world whose switches have ports of nobody: packets come in where
// the test says so, in the order in which it does. Cached flows do not go by themselves.
func newDummies(t *testing.T) *ruled {
	for _, tool := range []string{"ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s in PATH", tool)
		}
	}
	if _, err := os.Stat(schema); err != nil {
		t.Skipf("needs %s", schema)
	}
	ctx, cancel := context.WithCancel(t.Context())
	rules := controltest.NewRules()
	w := &world{t: t, ctx: ctx, hub: control.New(control.Config{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Decide: rules.Decide, Judge: rules.Judge,
	})}
	t.Cleanup(func() { cancel(); w.sessions.Wait() })
	w.hub.Update(view.PutNetwork(&linkspan.Network{
		ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Idle: linkspan.MaxIdle,
	}))
	w.endpoints = map[string]*linkspan.Endpoint{"c1": at(2, 1, 11), "c2": at(3, 1, 12), "c3": at(4, 2, 11), "c4": at(5, 2, 12)}
	for i := range w.hosts {
		h := newHostIn(t, linkspan.ChassisID(i+1), "", "dummy", "--enable-dummy", "--disable-system")
		h.vsctl("set", "Open_vSwitch", ".", "other_config:max-idle=600000")
		w.hosts[i] = h
		h.dummy("tunnel", linkspan.TunnelPort)
		w.hub.Update(view.PutChassis(&linkspan.Chassis{ID: h.id, Name: fmt.Sprint("h", h.id), Underlay: netip.MustParseAddr(underlay(h.id))}))
	}
	for _, e := range w.endpoints {
		w.hosts[e.Chassis-1].dummy(fmt.Sprint("p", e.Port), e.Port)
		w.hub.Update(view.PutEndpoint(e))
	}
	for _, h := range w.hosts {
		w.connect(h)
	}
	return &ruled{w, rules}
}

// dummy makes a port of nobody.
func (h *host) dummy(name string, number uint32) {
	h.t.Helper()
	h.vsctl("add-port", "br-link", name, "--", "set", "interface", name, "type=dummy", fmt.Sprintf("ofport_request=%d", number))
}

// send has a packet of a protocol come in from an endpoint, until it asks nobody.
func (w *ruled) send(t *testing.T, from, to string, protocol uint8) {
	t.Helper()
	a, b := w.endpoints[from], w.endpoints[to]
	frame := fmt.Sprintf("in_port(%d),eth(src=%s,dst=%s),eth_type(0x0800),ipv4(src=%s,dst=%s,proto=%d,tos=0,ttl=64,frag=no)",
		a.Port, a.MAC, pipeline.RouterMAC(), a.Address, b.Address, protocol)
	switch protocol {
	case decide.ProtocolTCP:
		frame += ",tcp(src=40000,dst=80),tcp_flags(syn)"
	case decide.ProtocolUDP:
		frame += ",udp(src=40000,dst=80)"
	}
	h := w.hosts[a.Chassis-1]
	eventually(t, "a packet that asks nobody", func() bool {
		before := w.packetIns()
		h.appctl("netdev-dummy/receive", fmt.Sprint("p", a.Port), frame)
		h.appctl("version") // is answered after the packet was taken
		h.flows()
		return w.packetIns() == before
	})
}

// permissions are what may be said of two: each makes another kind of flow end the way
// of their packets.
var permissions = []struct {
	name    string
	classes []decide.Class
}{
	{"all", []decide.Class{{}}},
	{"a port", []decide.Class{tcp(80)}},
	{"nothing", nil},
	{"another port", []decide.Class{tcp(81)}},
}

// key returns the key of an endpoint.
func (w *ruled) key(name string) view.Key { return view.KeyOf(w.endpoints[name]) }

// permit says what two may open to each other.
func (w *ruled) permit(a, b string, classes []decide.Class) {
	w.t.Helper()
	w.rules.Allow(w.key(b), w.key(a), classes...)
	w.allow(a, b, classes...)
}

// walk goes from each of the permissions to each other.
var walk = [...]int{0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 0}

// TestKinds: whatever changes between two, and whatever they send meanwhile, what the
// datapath has cached is what the tables say. One kind of flow is for all protocols, the
// next for one only, so that the cached ones overlap.
func TestKinds(t *testing.T) {
	t.Parallel()
	w := newDummies(t)
	w.permit("c1", "c4", permissions[1].classes)
	w.send(t, "c1", "c4", decide.ProtocolUDP) // of two that overlap, those like this one are found first
	for _, to := range []string{"c2", "c3"} {
		for i, n := range walk {
			now := permissions[n]
			w.permit("c1", to, now.classes)
			w.hosts[0].fresh(t, fmt.Sprint(to, ", ", i, ", just changed: ", now.name))
			w.send(t, "c1", to, decide.ProtocolTCP)
			w.send(t, "c1", to, uint8(100+i)) // none that was cached before
			w.hosts[0].fresh(t, fmt.Sprint(to, ", ", i, ", after packets: ", now.name))
		}
	}
}
