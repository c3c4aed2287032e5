// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Fatalf("%s (run with -update when this is meant):\n%s", path, diff)
	}
}

func TestStaticFlows(t *testing.T) {
	s := Static(world(), 1)
	slices.SortFunc(s.Flows, func(a, b Flow) int { return a.compare(&b) })
	slices.SortFunc(s.Meters, func(a, b Meter) int { return int(a.ID) - int(b.ID) })
	var out strings.Builder
	for _, m := range s.Meters {
		fmt.Fprintf(&out, "meter %d: %d packets/s, burst %d\n", m.ID, m.Rate, m.Burst)
	}
	for _, f := range s.Flows {
		fmt.Fprintln(&out, text(f.Add(9)))
	}
	golden(t, "static.txt", out.String())
}

// TestDirectFlows: what a proved path and a network that may use it add.
func TestDirectFlows(t *testing.T) {
	v := nearby(world())
	overlapping, _ := v.Apply(view.PutNetwork(&linkspan.Network{ID: 8, Subnet: netip.MustParsePrefix("10.7.0.0/16")}))
	tunnel := network(7)
	tunnel.Transport = linkspan.Tunnel
	tunnelled, _ := v.Apply(view.PutNetwork(tunnel))
	half, _ := v.Apply(view.RemovePaths(2))
	var out strings.Builder
	for _, part := range []struct {
		title string
		v     *view.View
	}{
		{"a proved path to chassis 2", v},
		{"the path is proved by one side only", half},
		{"the network overlaps another", overlapping},
		{"the network asks for the tunnel", tunnelled},
	} {
		fmt.Fprintf(&out, "# %s\n", part.title)
		for _, f := range Static(part.v, 1).Flows {
			if f.Priority == priorityPass && (f.Kind == KindPeer || f.Table == tableDirect) {
				fmt.Fprintln(&out, text(f.Add(9)))
			}
		}
	}
	golden(t, "direct.txt", out.String())
}

func TestFlowsOfDecisions(t *testing.T) {
	v := world()
	c2, c3, c4 := v.Endpoint(key(2)), v.Endpoint(key(3)), v.Endpoint(key(4))
	away := decide.Packet{Chassis: 1, Port: 12, Network: 7, Source: address(2), Destination: address(200), TTL: 64}
	forged := decide.Packet{Chassis: 1, Port: linkspan.TunnelPort, Sender: 2, Network: 7, Source: address(99), Destination: address(2), TTL: 64}
	var unknown, spoofed decide.Decision
	decide.Decide(v, &away, &unknown)
	decide.Decide(v, &forged, &spoofed)
	leg := func(a, c *linkspan.Endpoint, by linkspan.Transport, on linkspan.ChassisID) []byte {
		return NewStencil().AppendRoute(nil, 1, 9, Leg{v.Network(7), v.Network(7), a, c, by, on, netip.Prefix{}, 0, 0})
	}
	near := Leg{v.Network(7), v.Network(7), c2, c3, linkspan.Local, 1, netip.Prefix{}, 0, 0}
	out, in := Leg{v.Network(7), v.Network(7), c2, c4, linkspan.Tunnel, 1, netip.Prefix{}, 0, 0}, Leg{v.Network(7), v.Network(7), c2, c4, linkspan.Tunnel, 2, netip.Prefix{}, 0, 0}
	opening := decide.Packet{Chassis: 1, Port: 12, Network: 7, Source: address(2), Destination: address(4), TTL: 64}
	reply := decide.Packet{Chassis: 1, Port: linkspan.TunnelPort, Sender: 2, Network: 7, Source: address(4), Destination: address(2), TTL: 64}
	reply.Reply = true
	var denied, answered decide.Decision
	decide.Decide(v, &opening, &denied)
	opening.Connection = decide.Connection{Protocol: decide.ProtocolTCP, Tracked: true, Begins: true, Flags: decide.FlagSYN}
	denied.Track(&opening, decide.ClassOf(decide.ProtocolTCP))
	stray := opening
	stray.Flags, stray.Resumes = decide.FlagACK, true
	unasked := denied
	unasked.Class, unasked.Answer = decide.Class{}, decide.BlockOf(decide.ProtocolTCP, 80, 10)
	decide.Decide(v, &reply, &answered)
	answered.Track(&reply, decide.BlockOf(decide.ProtocolTCP, 443, 16))
	var all strings.Builder
	for _, part := range []struct {
		title string
		bytes []byte
	}{
		{"the route 10.7.0.2 - 10.7.0.3 on chassis 1", leg(c2, c3, linkspan.Local, 1)},
		{"the route 10.7.0.2 - 10.7.0.4 on chassis 1", leg(c2, c4, linkspan.Tunnel, 1)},
		{"the route 10.7.0.2 - 10.7.0.4 on chassis 2", leg(c2, c4, linkspan.Tunnel, 2)},
		{"the same, direct, on chassis 1", leg(c2, c4, linkspan.Direct, 1)},
		{"the same, direct, on chassis 2", leg(c2, c4, linkspan.Direct, 2)},
		{"10.7.0.2 sends to an unknown address", AppendDeny(nil, 1, 9, &away, &unknown)},
		{"chassis 2 sends from an unknown address", AppendDeny(nil, 1, 9, &forged, &spoofed)},
		{"10.7.0.2 - 10.7.0.3 is tracked", AppendTracked(nil, 1, 9, &near)},
		{"10.7.0.2 may open tcp/443 of 10.7.0.3", AppendClass(nil, 1, 9, &near, decide.BlockOf(decide.ProtocolTCP, 443, 16))},
		{"10.7.0.2 - 10.7.0.4 is tracked, on chassis 1", AppendTracked(nil, 1, 9, &out)},
		{"10.7.0.2 may open udp/5000-5007 of 10.7.0.4, on chassis 1", AppendClass(nil, 1, 9, &out, decide.BlockOf(decide.ProtocolUDP, 5000, 13))},
		{"the same, on chassis 2", AppendClass(nil, 1, 9, &in, decide.BlockOf(decide.ProtocolUDP, 5000, 13))},
		{"10.7.0.2 may ping 10.7.0.4, on chassis 1", AppendClass(nil, 1, 9, &out, decide.BlockOf(decide.ProtocolICMP, 8, 16))},
		{"10.7.0.2 may open anything of 10.7.0.4, on chassis 1", AppendClass(nil, 1, 9, &out, decide.Class{})},
		{"later fragments between 10.7.0.2 and 10.7.0.4, on chassis 1", AppendLater(nil, 1, 9, &out)},
		{"10.7.0.2 may not open tcp of 10.7.0.4", AppendDenyClass(nil, 1, 9, &opening, &denied)},
		{"10.7.0.2 may not open anything of 10.7.0.4, and answers no port near 80", AppendDenyClass(nil, 1, 9, &stray, &unasked)},
		{"10.7.0.4 may not answer any more", AppendDenyClass(nil, 1, 9, &reply, &answered)},
		{"tcp/443 falls", AppendUnplugClass(nil, 1, &near, decide.BlockOf(decide.ProtocolTCP, 443, 16))},
		{"10.7.0.2 changes", AppendUnplug(nil, 1, key(2))},
		{"network 7 changes", AppendUnplugNetwork(nil, 1, 7)},
		{"after a reconnect", AppendExpel(AppendForget(nil, 1), 1, 8)},
	} {
		fmt.Fprintf(&all, "# %s\n", part.title)
		for _, m := range messages(t, part.bytes) {
			fmt.Fprintln(&all, text(m))
		}
	}
	golden(t, "decisions.txt", all.String())
}

func key(last byte) view.Key { return view.Key{Network: 7, Address: address(last)} }

func messages(t *testing.T, b []byte) []*openflow.FlowMod {
	t.Helper()
	var list []*openflow.FlowMod
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		if err != nil {
			t.Fatal(err)
		}
		mod := new(openflow.FlowMod)
		if err := mod.Decode(m); err != nil {
			t.Fatal(err)
		}
		list, b = append(list, mod), rest
	}
	return list
}

// text writes a message as a line of ovs-ofctl.
func text(m *openflow.FlowMod) string {
	cmd := [...]string{"add", "modify", "modify strictly", "delete", "delete strictly"}[m.Command]
	where := fmt.Sprintf("table=%d", m.TableID)
	if m.TableID == openflow.TableAll {
		where = "all tables"
	}
	line := fmt.Sprintf("%-6s %s cookie=%016x", cmd, where, m.Cookie)
	if m.CookieMask != 0 {
		line += fmt.Sprintf("/%016x", m.CookieMask)
	}
	if m.Command != openflow.FlowAdd {
		return line + " " + m.Match.String()
	}
	return fmt.Sprintf("%s priority=%d idle=%d hard=%d %s actions=%s",
		line, m.Priority, m.IdleTimeout, m.HardTimeout, m.Match, m.Instructions)
}
