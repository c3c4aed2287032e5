// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// packet is what of a packet policies look at.
type packet struct {
	protocol uint8
	port     uint16
}

func drawPacket(t *rapid.T) packet {
	protocol := rapid.SampledFrom([]uint8{1, 6, 6, 6, 17, 47, 58, 132, 200, 201}).Draw(t, "protocol")
	switch {
	case linkspan.Ported(protocol):
		return packet{protocol, rapid.SampledFrom([]uint16{0, 53, 63, 64, 79, 80, 81, 90, 91, 99, 127, 128, 300, 1023, 1024, 65535}).Draw(t, "port")}
	case linkspan.Typed(protocol):
		return packet{protocol, rapid.SampledFrom([]uint16{0, 3, 8, 128, 255}).Draw(t, "type")}
	}
	return packet{protocol, 0}
}

// TestRulesAreThoseOfTheOracle: whatever policies there are, after whatever
// changes, the verdict is the one that asking each policy in order gives, and the
// class is decided by the same and is the widest that is.
func TestRulesAreThoseOfTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v, memo := newWorld(), new(view.View), new(decide.Memo)
		for range rapid.IntRange(5, 40).Draw(t, "changes") {
			var changes []view.Change
			for range rapid.IntRange(1, 4).Draw(t, "at once") {
				changes = append(changes, w.change(t)...)
			}
			v, _ = v.Apply(changes...)
			parties := w.parties()
			for range 4 {
				from, to := rapid.SampledFrom(parties).Draw(t, "from"), rapid.SampledFrom(parties).Draw(t, "to")
				otherwise := linkspan.PolicyAction(rapid.IntRange(1, 2).Draw(t, "otherwise"))
				checkRules(t, w, from, to, otherwise, memo.Rules(v, resolve(v, from), resolve(v, to), otherwise))
			}
		}
	})
}

// resolve returns the party as the View has it: it keeps its record when an equal
// one is put.
func resolve(v *view.View, p view.Party) view.Party {
	if p.Endpoint == nil {
		return p
	}
	return view.PartyOf(v.Endpoint(view.KeyOf(p.Endpoint)))
}

func checkRules(t *rapid.T, w *world, from, to view.Party, otherwise linkspan.PolicyAction, rules *decide.Rules) {
	concerned := w.concerned(from, to)
	verdict := func(p packet) (r ruled) {
		action, by := judge(concerned, p, otherwise)
		if r.action = action; by != nil {
			r.by = by.ID
		}
		return r
	}
	p := drawPacket(t)
	got := rules.Judge(p.protocol, p.port)
	want, by := judge(concerned, p, otherwise)
	if got.Action != want || (by == nil) != (got.Policy == nil) || by != nil && by.ID != got.Policy.ID {
		t.Fatalf("%v: got %v by %v, want %v by %v", p, got.Action, got.Policy, want, by)
	}
	if !got.Class.Contains(p.protocol, p.port) {
		t.Fatalf("%v is not in its class %+v", p, got.Class)
	}
	_, uniform := rules.Uniform()
	if whole := (got.Class == decide.Class{}); whole && !uniform || whole && rules.Sole() != got.Policy || !whole && rules.Sole() != nil {
		t.Fatalf("uniform is %t, by %v, and the class %+v of %v", uniform, rules.Sole(), got.Class, got.Policy)
	}
	if by, one := rules.Decider(got.Class); !one || by != got.Policy {
		t.Fatalf("%v is of %v, and its class %+v of %v, %t", p, got.Policy, got.Class, by, one)
	}
	checkClass(t, p, got.Class, verdict)
	part := rules.Find(p.protocol, p.port)
	if part.Action != want || !part.Ports().Holds(p.protocol, p.port) {
		t.Fatalf("%v: found %+v", p, part)
	}
}

// ruled is how a packet is decided: 0 by what follows policies.
type ruled struct {
	action linkspan.PolicyAction
	by     linkspan.PolicyID
}

// checkClass looks at every packet of the class, and of the next wider one. Of the
// protocols and ports that no policy is drawn of, one stands for all.
func checkClass(t *rapid.T, p packet, c decide.Class, verdict func(packet) ruled) {
	want := verdict(p)
	same := func(all []packet) bool {
		return !slices.ContainsFunc(all, func(o packet) bool { return verdict(o) != want })
	}
	switch {
	case c.Protocol == 0:
		if !same(everything()) {
			t.Fatalf("not all packets have the verdict %v", want)
		}
	case c.Bits == 0:
		if !same(wholeOf(p.protocol)) {
			t.Fatalf("not all of protocol %d have the verdict %v", p.protocol, want)
		}
		if same(everything()) {
			t.Fatalf("all packets have the verdict %v, and the class is %v", want, c)
		}
	default:
		if size := int(c.Last()) - int(c.Port) + 1; size > decide.MaxClass || !same(block(p.protocol, c.Port, size)) {
			t.Fatalf("not all of %v have the verdict %v", c, want)
		} else if linkspan.Ported(p.protocol) && size < decide.MaxClass && same(block(p.protocol, p.port&^uint16(2*size-1), 2*size)) {
			t.Fatalf("a block twice as wide as %v has the verdict %v", c, want)
		}
		if same(wholeOf(p.protocol)) {
			t.Fatalf("all of protocol %d have the verdict %v, and the class is %v", p.protocol, want, c)
		}
	}
}

func block(protocol uint8, first uint16, size int) (all []packet) {
	for i := range size {
		all = append(all, packet{protocol, first + uint16(i)})
	}
	return all
}

// wholeOf has each port at which a drawn policy may begin or end.
func wholeOf(protocol uint8) []packet {
	if linkspan.Typed(protocol) {
		return block(protocol, 0, 256)
	}
	if !linkspan.Ported(protocol) {
		return []packet{{protocol, 0}}
	}
	return append(block(protocol, 0, 400), packet{protocol, 1023}, packet{protocol, 1024}, packet{protocol, 65535})
}

func everything() (all []packet) {
	for _, protocol := range []uint8{1, 6, 17, 47, 58, 132, 200, 201} {
		all = append(all, wholeOf(protocol)...)
	}
	return all
}

// TestSelectedIsEnough: a pair for which a change of policies alters a verdict has
// an end among those that are said to be concerned, and everybody a policy selects
// is found.
func TestSelectedIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v := newWorld(), new(view.View)
		for range rapid.IntRange(10, 60).Draw(t, "changes") {
			v, _ = v.Apply(w.change(t)...)
		}
		before := w.clone()
		id := linkspan.PolicyID(rapid.IntRange(1, 12).Draw(t, "policy"))
		change := view.RemovePolicy(id)
		if delete(w.policies, id); rapid.Bool().Draw(t, "put") {
			w.policies[id] = drawPolicy(t, id)
			change = view.PutPolicy(w.policies[id])
		}
		next, delta := v.Apply(change)
		concerned := make(map[view.Key]bool)
		s := view.Selected(v, next, delta.Policies...)
		for _, e := range s.Endpoints {
			concerned[view.KeyOf(e)] = true
			if !slices.Contains(s.Chassis, e.Chassis) {
				t.Fatalf("chassis %d is not among %v", e.Chassis, s.Chassis)
			}
		}
		for _, from := range w.parties() {
			for _, to := range w.parties() {
				if from.Endpoint == nil && to.Endpoint == nil || w.stranded(from) || w.stranded(to) || hasEnd(concerned, from) || hasEnd(concerned, to) {
					continue
				}
				p := drawPacket(t)
				was, _ := judge(before.concerned(from, to), p, linkspan.PolicyAllow)
				if now, _ := judge(w.concerned(from, to), p, linkspan.PolicyAllow); was != now {
					t.Fatalf("%v to %v: %v becomes %v, and neither is selected", from.Address, to.Address, was, now)
				}
			}
		}
		for _, p := range w.policies {
			checkSelected(t, w, next, p)
		}
	})
}

// stranded says that an endpoint's network is gone: it talks to nobody.
func (w *world) stranded(p view.Party) bool {
	return p.Endpoint != nil && w.networks[p.Endpoint.Network] == nil
}

func hasEnd(concerned map[view.Key]bool, p view.Party) bool {
	return p.Endpoint != nil && concerned[view.KeyOf(p.Endpoint)]
}

func checkSelected(t *rapid.T, w *world, v *view.View, p *linkspan.Policy) {
	from, to := v.SelectedBy(p)
	for _, side := range []struct {
		selectors []linkspan.Selector
		got       []*linkspan.Endpoint
	}{{p.From, from}, {p.To, to}} {
		want := make(map[view.Key]bool)
		for _, p := range w.parties() {
			if e := p.Endpoint; e != nil && w.networks[e.Network] != nil && w.side(side.selectors, p) {
				want[view.KeyOf(e)] = true
			}
		}
		for key, e := range w.endpoints { // one of both is told
			if want[key] {
				delete(want, view.Key{Network: key.Network, Address: e.Address6})
			}
		}
		got := make(map[view.Key]bool)
		for _, e := range side.got {
			if w.networks[e.Network] != nil { // of a network that is gone somebody may be missing
				got[view.KeyOf(e)] = true
			}
		}
		if !maps.Equal(want, got) {
			t.Fatalf("%+v selects %v, want %v", side.selectors, got, want)
		}
	}
}

// TestReselected: an endpoint that is not said to be selected otherwise has the
// verdicts that it had.
func TestReselected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v := newWorld(), new(view.View)
		for range rapid.IntRange(10, 40).Draw(t, "changes") {
			v, _ = v.Apply(w.change(t)...)
		}
		before := w.clone()
		next, delta := v.Apply(w.changeEndpoint(t)...)
		for _, c := range delta.Endpoints {
			if view.Reselected(v, next, c) {
				continue
			}
			for _, other := range w.parties() {
				p := drawPacket(t)
				was, _ := judge(before.concerned(view.PartyOf(c.Old), other), p, linkspan.PolicyAllow)
				now, _ := judge(w.concerned(view.PartyOf(c.New), other), p, linkspan.PolicyAllow)
				if was != now {
					t.Fatalf("%v becomes %v", was, now)
				}
			}
		}
	})
}

func TestEffects(t *testing.T) {
	policy := func(action linkspan.PolicyAction, ports ...string) *linkspan.Policy {
		p := &linkspan.Policy{Action: action}
		for _, text := range ports {
			one, err := linkspan.ParsePolicyPorts(text)
			if err != nil {
				t.Fatal(err)
			}
			p.Ports = append(p.Ports, one)
		}
		return p
	}
	before := decide.NewRules([]*linkspan.Policy{policy(linkspan.PolicyDeny, "tcp/80-90", "udp")}, linkspan.PolicyAllow)
	after := decide.NewRules([]*linkspan.Policy{policy(linkspan.PolicyReject, "tcp/85-100", "gre"), policy(linkspan.PolicyDeny)}, linkspan.PolicyAllow)
	var got []string
	for _, e := range decide.Effects(before, after) {
		ports := "others"
		if e.Ports != nil {
			ports = e.Ports.String()
		}
		got = append(got, fmt.Sprintf("%s %s %s %t", ports, e.Before.Action, e.After.Action, e.Changed()))
	}
	want := []string{
		"tcp/0-79 allow deny true", "tcp/80-84 deny deny false", "tcp/85-90 deny reject true", "tcp/91-100 allow reject true",
		"tcp/101-65535 allow deny true", "udp deny deny false", "gre allow reject true", "others allow deny true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
