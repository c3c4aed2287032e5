// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// TestDifferenceLeadsFromStaticToStatic: what is put and what goes turns the
// static flows of one View into those of another.
func TestDifferenceLeadsFromStaticToStatic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := new(view.View)
		for range rapid.IntRange(0, 20).Draw(t, "before") {
			from, _ = from.Apply(change(t))
		}
		var changes []view.Change
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			changes = append(changes, change(t))
		}
		to, d := from.Apply(changes...)
		for on := linkspan.ChassisID(1); on <= 2; on++ {
			put, gone := Difference(from, to, &d, on)
			have := installed{}
			have.put(Static(from, on))
			have.put(put)
			have.remove(gone)
			want := installed{}
			want.put(Static(to, on))
			if diff := cmp.Diff(want, have); diff != "" {
				t.Fatalf("chassis %d: %s", on, diff)
			}
		}
	})
}

// change draws a change; a port may be given to another endpoint while the one
// before is still there.
func change(t *rapid.T) view.Change {
	id := linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network"))
	last := byte(rapid.IntRange(2, 5).Draw(t, "address"))
	chassis := linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis"))
	switch rapid.IntRange(0, 10).Draw(t, "what") {
	case 0:
		return view.RemoveEndpoint(id, address(last))
	case 9:
		return view.RemoveEndpoint(id, address6(last))
	case 10:
		return view.PutEndpoint(lease6(id, last, chassis))
	case 1:
		n := network(id)
		if rapid.Bool().Draw(t, "dual") {
			n.Subnet6 = subnet6
		}
		n.Internal = rapid.Bool().Draw(t, "internal")
		n.Subnet = netip.PrefixFrom(n.Subnet.Addr(), rapid.IntRange(23, 24).Draw(t, "bits"))
		n.Transport = rapid.SampledFrom([]linkspan.Transport{"", linkspan.Direct, linkspan.Tunnel}).Draw(t, "transport")
		return view.PutNetwork(n)
	case 2:
		return view.RemoveNetwork(id)
	case 3:
		return view.PutPaths(&linkspan.Paths{From: chassis, To: []linkspan.ChassisID{3 - chassis, 9}})
	case 4:
		return view.RemovePaths(chassis)
	}
	e := endpoint(id, last, chassis, 0)
	if rapid.Bool().Draw(t, "attached") {
		e.Port = uint32(rapid.IntRange(100, 103).Draw(t, "port"))
		e.Created = time.Unix(int64(rapid.IntRange(0, 2).Draw(t, "reserved")), 0)
		e.MAC[5] = byte(rapid.IntRange(0, 1).Draw(t, "mac"))
	}
	if rapid.Bool().Draw(t, "second") {
		e.Address6 = address6(byte(rapid.IntRange(2, 5).Draw(t, "second address")))
	}
	return view.PutEndpoint(e)
}

// installed is what a switch would hold, by what it tells things apart by.
type installed map[string]string

func (have installed) put(s Set) {
	for _, f := range s.Flows {
		have[flowName(&f)] = text(f.Add(1))
	}
	for _, m := range s.Meters {
		have[string(rune('m'))+string(rune(m.ID))] = "meter"
	}
}

func (have installed) remove(s Set) {
	for _, f := range s.Flows {
		delete(have, flowName(&f))
	}
	for _, m := range s.Meters {
		delete(have, string(rune('m'))+string(rune(m.ID)))
		for name, flow := range have { // OpenFlow 1.3.5, 6.4: with a meter go the flows that use it
			if strings.Contains(flow, fmt.Sprintf("meter:%d,", m.ID)) {
				delete(have, name)
			}
		}
	}
}

func flowName(f *Flow) string {
	return string(rune(f.Table)) + string(rune(f.Priority)) + f.Match.String()
}

// dumped is a plugged flow as a switch gives it back: its fields in another
// order.
func dumped(m *openflow.FlowMod) *openflow.FlowStats {
	oxms := slices.Collect(m.Match.All())
	slices.Reverse(oxms)
	var back openflow.Match
	for _, o := range oxms {
		back.Add(o)
	}
	return &openflow.FlowStats{
		TableID: m.TableID, Priority: m.Priority, IdleTimeout: m.IdleTimeout, Flags: m.Flags,
		Cookie: m.Cookie, Match: slices.Clone(back.View()), Instructions: m.Instructions,
	}
}

func TestCurrentKnowsItsOwnFlows(t *testing.T) {
	for by, v := range map[linkspan.Transport]*view.View{linkspan.Tunnel: world(), linkspan.Direct: nearby(world())} {
		for _, on := range []linkspan.ChassisID{1, 2} {
			flows := messages(t, NewStencil().AppendRoute(nil, 1, 9, Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(4)), by, on, netip.Prefix{}, 0, 0}))
			for _, m := range flows {
				f := dumped(m)
				if !Current(v, on, f) {
					t.Fatalf("chassis %d: %s is not taken for current", on, f)
				}
				p, _ := Recognize(f.TableID, f.Priority, f.Match)
				if got := TransportOf(&p, f); got != by && !p.Arrives || got != "" && p.Arrives {
					t.Fatalf("chassis %d: %s goes by %q", on, f, got)
				}
			}
		}
	}
}

// TestCurrentFollowsTheTransport: a flow that leaves by a way that is not
// chosen any more, or is chosen now, is not current.
func TestCurrentFollowsTheTransport(t *testing.T) {
	far := world()
	near, site := nearby(far), &linkspan.Chassis{ID: 2, Name: "h2", Site: "ams"}
	apart, _ := near.Apply(view.PutChassis(site))
	for by, views := range map[linkspan.Transport][]*view.View{linkspan.Tunnel: {near, apart}, linkspan.Direct: {far, apart}} {
		leg := Leg{far.Network(7), far.Network(7), far.Endpoint(key(2)), far.Endpoint(key(4)), by, 1, netip.Prefix{}, 0, 0}
		leaves := dumped(messages(t, NewStencil().AppendRoute(nil, 1, 9, leg))[0])
		for _, v := range views {
			if Current(v, 1, leaves) {
				t.Errorf("%s: still current", leaves)
			}
		}
	}
}

func TestCurrentRefusesWhatChanged(t *testing.T) {
	v := world()
	flows := messages(t, NewStencil().AppendRoute(nil, 1, 9, Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(3)), linkspan.Local, 1, netip.Prefix{}, 0, 0}))
	idle := network(7)
	idle.Idle *= 2
	other := endpoint(7, 3, 1, 13)
	other.MAC[5]++
	for name, c := range map[string]view.Change{
		"idle time":    view.PutNetwork(idle),
		"MAC":          view.PutEndpoint(other),
		"moved":        view.PutEndpoint(endpoint(7, 3, 2, 13)),
		"only leased":  view.PutEndpoint(endpoint(7, 3, 1, 0)),
		"gone":         view.RemoveEndpoint(7, address(3)),
		"network gone": view.RemoveNetwork(7),
	} {
		next, _ := v.Apply(c)
		if Current(next, 1, dumped(flows[0])) {
			t.Errorf("%s: still current", name)
		}
	}
	wide := dumped(flows[0])
	wide.Match = wide.Match[:len(wide.Match)-8]
	if Current(v, 1, wide) {
		t.Error("a wider match: still current")
	}
	if Current(v, 2, dumped(flows[0])) {
		t.Error("on a chassis that has neither end: still current")
	}
}

func TestPluggingAllocatesNothing(t *testing.T) {
	v, buf, stencil := world(), make([]byte, 0, 4096), NewStencil()
	n := testing.AllocsPerRun(100, func() {
		b := stencil.AppendRoute(buf, 1, 9, Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(4)), linkspan.Tunnel, 1, netip.Prefix{}, 0, 0})
		AppendUnplug(b, 1, key(2))
	})
	if n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkAppendRoute(b *testing.B) {
	v, buf := world(), make([]byte, 0, 4096)
	leg := Leg{v.Network(7), v.Network(7), v.Endpoint(key(2)), v.Endpoint(key(3)), linkspan.Local, 1, netip.Prefix{}, 0, 0}
	stencil := NewStencil()
	b.ReportAllocs()
	for b.Loop() {
		stencil.AppendRoute(buf, 1, 9, leg)
	}
}
