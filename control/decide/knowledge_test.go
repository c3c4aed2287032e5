// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// TestKinAndOwnAreAll: what policies say of an endpoint is what they say of its kin and
// what they say of it besides, nothing twice; and kin are as one to them.
func TestKinAndOwnAreAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v := newWorld(), new(view.View)
		for range rapid.IntRange(5, 40).Draw(t, "changes") {
			v, _ = v.Apply(w.change(t)...)
		}
		known := make(map[string]*view.Kin)
		for e := range v.Endpoints() {
			text := string(v.AppendKin(nil, e))
			if known[text] == nil {
				known[text] = v.KinOf(e)
			}
			kin, p := known[text], view.PartyOf(e)
			from, to := v.AppendOwn(slices.Clone(kin.From), slices.Clone(kin.To), kin, p)
			slices.SortFunc(from, (*view.Rule).Compare)
			slices.SortFunc(to, (*view.Rule).Compare)
			senders, receivers := v.AppendRules(nil, nil, p)
			if !slices.Equal(from, senders) || !slices.Equal(to, receivers) {
				t.Fatalf("%v: %d and %d rules, want %d and %d", e, len(from), len(to), len(senders), len(receivers))
			}
		}
	})
}

// TestSharedBook: of several Memos that share what is known, each decides as one without
// a memory, whatever Views the others ask about meanwhile.
func TestSharedBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v, book := newWorld(), new(view.View), new(decide.Knowledge)
		memos := []*decide.Memo{{Book: book}, {Book: book}, {}}
		views := []*view.View{v}
		for range rapid.IntRange(5, 30).Draw(t, "changes") {
			v, _ = v.Apply(w.change(t)...)
			views = append(views, v)
			for range 6 {
				asked := views[len(views)-rapid.IntRange(1, min(3, len(views))).Draw(t, "ago")]
				all := slices.SortedFunc(asked.Endpoints(), func(a, b *linkspan.Endpoint) int { return a.Address.Compare(b.Address) })
				if len(all) == 0 {
					continue
				}
				a, b := rapid.SampledFrom(all).Draw(t, "from"), rapid.SampledFrom(all).Draw(t, "to")
				got, want := rapid.SampledFrom(memos).Draw(t, "memo").Between(asked, a, b), decide.Between(asked, a, b)
				sameDecision(t, &got, &want)
			}
		}
	})
}

func sameDecision(t *rapid.T, got, want *decide.Decision) {
	if got.Verdict != want.Verdict || got.Reason != want.Reason || got.Tracked != want.Tracked || got.Policy != want.Policy {
		t.Fatalf("got %v %v by %v, want %v %v by %v", got.Verdict, got.Reason, got.Policy, want.Verdict, want.Reason, want.Policy)
	}
	x, y := got.Rules()
	f, g := want.Rules()
	for _, both := range [2][2]*decide.Rules{{x, f}, {y, g}} {
		if (both[0] == nil) != (both[1] == nil) {
			t.Fatalf("only one of them has rules")
		}
		if both[0] != nil && slices.ContainsFunc(decide.Effects(both[0], both[1]), decide.Effect.Changed) {
			t.Fatalf("the rules are others")
		}
	}
}

// TestOldRecordsAreLetGo: an endpoint whose large labels change over and over is not
// remembered in all its records.
func TestOldRecordsAreLetGo(t *testing.T) {
	const times, most = 4000, 2500
	v, memo := manyView(true), new(decide.Memo)
	peer := v.Endpoint(view.KeyOf(manyEndpoint(7, 1)))
	old := make([]weak.Pointer[linkspan.Endpoint], times)
	for i := range times {
		e := manyEndpoint(1, 0)
		e.Labels = map[string]string{"app": "app1", "large": strings.Repeat("x", 8<<10), "turn": fmt.Sprint(i)}
		old[i] = weak.Make(e)
		v, _ = v.Apply(view.PutEndpoint(e))
		memo.Between(v, e, peer)
	}
	runtime.GC()
	held := 0
	for _, p := range old {
		if p.Value() != nil {
			held++
		}
	}
	if held > most {
		t.Errorf("%d of %d records are held", held, times)
	}
	runtime.KeepAlive(memo)
}

// TestOutsideIsBounded: whoever sends to many addresses outside does not make it grow
// without end.
func TestOutsideIsBounded(t *testing.T) {
	v, memo := manyView(true), new(decide.Memo)
	from := view.PartyOf(v.Endpoint(view.KeyOf(manyEndpoint(7, 1))))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 1 << 19 {
		a := netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)})
		memo.Rules(v, from, view.Outside(a), linkspan.PolicyAllow)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 128<<20 {
		t.Errorf("it has grown by %d MiB", grown>>20)
	}
	runtime.KeepAlive(memo)
}
