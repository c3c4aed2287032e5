// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// markOf returns the bit that instructions read first.
func markOf(l openflow.Instructions) (k mark, ok bool) {
	for a := range l.Applied().All() {
		src, _, _ := a.Move()
		return mark(src.Ofs), marks(l.Applied())
	}
	return 0, false
}

// TestWhatEndsAWayIsMarked: no static flow after which a packet goes no further, or to the
// controller, is without a mark; those that answer are.
func TestWhatEndsAWayIsMarked(t *testing.T) {
	for _, f := range Static(nearby(world()), 1).Flows {
		further := f.Table == tableNeighbour && f.Priority != priorityMiss || f.Table == tableAdvert && f.Priority != priorityMiss
		for i := range f.Instructions.All() {
			if _, ok := i.GotoTable(); ok {
				further = true
			}
		}
		if _, ok := markOf(f.Instructions); ok == further {
			t.Errorf("table %d, priority %d, %s: marked %v", f.Table, f.Priority, f.Instructions, ok)
		}
	}
}

// TestKindsHaveMarksOfTheirOwn: flows of two kinds never read the same bit, and those of
// an even and an odd number do not either.
func TestKindsHaveMarksOfTheirOwn(t *testing.T) {
	v := world()
	leg := func(to byte, by linkspan.Transport) *Leg {
		return &Leg{Network: v.Network(7), ToNetwork: v.Network(7), From: v.Endpoint(key(2)), To: v.Endpoint(key(to)), Transport: by, On: 1}
	}
	var w work
	got := make(map[mark]string)
	see := func(name string, l openflow.Instructions) {
		t.Helper()
		k, ok := markOf(l)
		if other, taken := got[k]; !ok || taken && other != name || k >= 16 {
			t.Errorf("%s: mark %d (%v), which is of %q", name, k, ok, other)
		}
		got[k] = name
	}
	plugged := func(name string, l *Leg, k Kind) {
		t.Helper()
		mod := w.mod(l, k, Whole, decide.Class{})
		see(name, mod.Instructions)
	}
	plugged("port", leg(3, linkspan.Local), KindRoute)
	plugged("tunnel", leg(4, linkspan.Tunnel), KindRoute)
	plugged("direct", leg(4, linkspan.Direct), KindRoute)
	plugged("tracked", leg(4, linkspan.Tunnel), KindTracked)
	plugged("tracked", leg(4, linkspan.Direct), KindTracked)
	see("drop", drop())
	see("even round", inRound(punt(puntMeter(1)), 8))
	see("odd round", inRound(punt(puntMeter(1)), 9))
	odd := *v.Endpoint(key(3))
	odd.Port++
	other := leg(3, linkspan.Local)
	other.To = &odd
	plugged("another port", other, KindRoute)
}

func TestUnmarkedIsWhatIsDone(t *testing.T) {
	if l := Unmarked(drop()); len(l) > 0 {
		t.Errorf("a drop does %s", l)
	}
	up := openflow.Instructions(nil).Meter(7).Apply(openflow.Actions(nil).Output(openflow.PortController, openflow.MaxLenNoBuffer))
	if l := Unmarked(punt(puntMeter(7))); !bytes.Equal(l, up) {
		t.Errorf("what goes up does %s", l)
	}
	if l := Unmarked(goTo(tableRoute)); !bytes.Equal(l, goTo(tableRoute)) {
		t.Errorf("what goes on does %s", l)
	}
}
