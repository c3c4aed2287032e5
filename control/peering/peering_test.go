// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// world feeds a Peering with the changes of a View.
type world struct {
	p *Peering
	v *view.View
}

func newWorld(n int) *world {
	w := &world{New(), new(view.View)}
	for id := range linkspan.ChassisID(n) {
		w.update(view.PutChassis(chassis(id+1, byte(id+1))))
	}
	return w
}

func chassis(id linkspan.ChassisID, last byte) *linkspan.Chassis {
	return &linkspan.Chassis{ID: id, Name: "h", Underlay: netip.AddrFrom4([4]byte{192, 0, 2, last})}
}

func (w *world) update(changes ...view.Change) {
	next, d := w.v.Apply(changes...)
	w.v = next
	w.p.Update(next, &d)
}

func endpoint(network linkspan.NetworkID, last byte, on linkspan.ChassisID, port uint32) view.Change {
	return view.PutEndpoint(&linkspan.Endpoint{
		Network: network, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), Chassis: on, Port: port,
	})
}

// ready is Await's first answer.
func ready(is bool, _ func()) bool { return is }

// peers returns the numbers in an update.
func peers(u Update) (ids []linkspan.ChassisID) {
	for _, c := range u.Peers {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestPeersAreReadyWhenBothHaveAcknowledged(t *testing.T) {
	w := newWorld(2)
	a, b := w.p.Attach(1), w.p.Attach(2)
	if u, ok := a.Take(1); !ok || !u.Snapshot || len(u.Peers) != 0 {
		t.Fatalf("first: %+v", u)
	}
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11))
	over := 0
	done := func() { over++ }
	if ready(w.p.Await(1, 2, done)) {
		t.Fatal("ready before anything was sent")
	}
	ua, _ := a.Take(2)
	ub, _ := b.Take(1)
	if !slices.Equal(peers(ua), []linkspan.ChassisID{2}) || !slices.Equal(peers(ub), []linkspan.ChassisID{1}) {
		t.Fatalf("sent %v and %v", peers(ua), peers(ub))
	}
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	if ready(w.p.Await(1, 2, done)) || over != 0 {
		t.Fatal("ready although one has only acknowledged what came before")
	}
	w.p.Acknowledge(1, 2)
	if over != 2 || !ready(w.p.Await(2, 1, done)) {
		t.Fatalf("not ready; %d of 2 waiters told", over)
	}
}

func TestPeersPart(t *testing.T) {
	w := newWorld(2)
	a := w.p.Attach(1)
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11), endpoint(8, 2, 1, 12), endpoint(8, 3, 2, 12))
	a.Take(1)
	w.update(view.RemoveEndpoint(7, netip.MustParseAddr("10.7.0.3")))
	if u, ok := a.Take(2); ok {
		t.Fatalf("they still share a network, but: %+v", u)
	}
	w.update(view.RemoveEndpoint(8, netip.MustParseAddr("10.7.0.2")))
	if u, ok := a.Take(2); !ok || !slices.Equal(u.Removed, []linkspan.ChassisID{2}) {
		t.Fatalf("got %+v", u)
	}
}

func TestAddressChangesAreSentAgain(t *testing.T) {
	w := newWorld(2)
	a, b := w.p.Attach(1), w.p.Attach(2)
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11))
	a.Take(1)
	b.Take(1)
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	w.update(view.PutChassis(chassis(2, 99)))
	if ready(w.p.Await(1, 2, func() {})) {
		t.Fatal("ready with the old address")
	}
	if u, _ := a.Take(2); len(u.Peers) != 1 || u.Peers[0].Underlay.As4()[3] != 99 {
		t.Fatalf("got %+v", u)
	}
	w.p.Acknowledge(1, 2)
	if !ready(w.p.Await(1, 2, func() {})) {
		t.Fatal("not ready with the new address")
	}
}

func TestNewStreamReplacesTheOld(t *testing.T) {
	w := newWorld(2)
	old := w.p.Attach(1)
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11))
	old.Take(1)
	b := w.p.Attach(2)
	b.Take(1)
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	old.Close()
	if !ready(w.p.Await(1, 2, func() {})) {
		t.Fatal("the tunnel works without a stream")
	}
	again := w.p.Attach(1)
	if ready(w.p.Await(1, 2, func() {})) {
		t.Fatal("a host that follows anew may have lost all")
	}
	if u, ok := again.Take(1); !ok || !u.Snapshot || len(u.Peers) != 1 {
		t.Fatalf("got %+v", u)
	}
	third := w.p.Attach(1)
	select {
	case <-again.Replaced():
	default:
		t.Fatal("the earlier stream is not told")
	}
	again.Close()
	if _, ok := third.Take(1); !ok {
		t.Fatal("closing the earlier stream closed the later")
	}
}

// TestStreamsTellTheTruth: whatever changes, a chassis that applies what it is
// sent has just those as peers that share a network with it and have an address.
func TestStreamsTellTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 3
		w := newWorld(n)
		var streams [n + 1]*Stream
		var have [n + 1]map[linkspan.ChassisID]bool
		sequence := uint64(0)
		id := rapid.Map(rapid.IntRange(1, n), func(i int) linkspan.ChassisID { return linkspan.ChassisID(i) })
		t.Repeat(map[string]func(*rapid.T){
			"endpoint": func(t *rapid.T) {
				w.update(endpoint(linkspan.NetworkID(rapid.IntRange(1, 2).Draw(t, "network")), byte(rapid.IntRange(1, 4).Draw(t, "address")),
					id.Draw(t, "chassis"), uint32(rapid.IntRange(0, 1).Draw(t, "port"))))
			},
			"chassis": func(t *rapid.T) {
				c := id.Draw(t, "chassis")
				if rapid.Bool().Draw(t, "remove") {
					w.update(view.RemoveChassis(c))
				} else {
					w.update(view.PutChassis(chassis(c, byte(rapid.IntRange(1, 3).Draw(t, "underlay")))))
				}
			},
			"attach": func(t *rapid.T) {
				c := id.Draw(t, "chassis")
				streams[c] = w.p.Attach(c)
			},
			"": func(t *rapid.T) {
				for c := linkspan.ChassisID(1); c <= n; c++ {
					if streams[c] == nil {
						continue
					}
					sequence++
					apply(&have[c], streams[c], sequence)
					if diff := cmp.Diff(w.truth(c), have[c]); diff != "" {
						t.Fatalf("chassis %d: %s", c, diff)
					}
				}
			},
		})
	})
}

func apply(have *map[linkspan.ChassisID]bool, s *Stream, sequence uint64) {
	u, ok := s.Take(sequence)
	if !ok {
		return
	}
	if u.Snapshot {
		*have = map[linkspan.ChassisID]bool{}
	}
	for _, c := range u.Peers {
		(*have)[c.ID] = true
	}
	for _, id := range u.Removed {
		delete(*have, id)
	}
}

func (w *world) truth(id linkspan.ChassisID) map[linkspan.ChassisID]bool {
	want := map[linkspan.ChassisID]bool{}
	for network := range w.v.Present(id) {
		for other := range w.v.Members(network) {
			if c := w.v.Chassis(other); other != id && c != nil && c.Underlay.IsValid() {
				want[other] = true
			}
		}
	}
	return want
}

// TestForgottenWaitersAreGone: whoever gave up is not told, and nothing is kept
// of it; too many push the oldest out.
func TestForgottenWaitersAreGone(t *testing.T) {
	w := newWorld(2)
	a, b := w.p.Attach(1), w.p.Attach(2)
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11))
	told := make(map[int]int)
	var forget []func()
	for i := range maxWaiters + 10 {
		_, f := w.p.Await(1, 2, func() { told[i]++ })
		forget = append(forget, f)
	}
	for _, f := range forget[:len(forget)-1] {
		f()
		f() // once more does no harm
	}
	if n := len(w.p.waiters[pairOf(1, 2)]); n != 1 {
		t.Errorf("%d wait", n)
	}
	a.Take(1)
	b.Take(1)
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	if diff := cmp.Diff(map[int]int{maxWaiters + 9: 1}, told); diff != "" {
		t.Errorf("told: %s", diff)
	}
	forget[len(forget)-1]() // too late
	if len(w.p.waiters) != 0 {
		t.Errorf("left: %v", w.p.waiters)
	}
}

// TestAPeerWithoutAnAddressIsNotReady: it cannot be told of until its record is
// there.
func TestAPeerWithoutAnAddressIsNotReady(t *testing.T) {
	w := newWorld(2)
	w.update(view.RemoveChassis(2))
	a, b := w.p.Attach(1), w.p.Attach(2)
	w.update(endpoint(7, 2, 1, 11), endpoint(7, 3, 2, 11))
	if u, _ := a.Take(1); len(u.Peers) != 0 {
		t.Fatalf("told of %v", peers(u))
	}
	b.Take(1)
	w.p.Acknowledge(1, 1)
	w.p.Acknowledge(2, 1)
	over := 0
	if ready(w.p.Await(1, 2, func() { over++ })) {
		t.Fatal("ready without an address")
	}
	w.update(view.PutChassis(chassis(2, 9)))
	if u, _ := a.Take(2); !slices.Equal(peers(u), []linkspan.ChassisID{2}) {
		t.Fatalf("told of %v", peers(u))
	}
	w.p.Acknowledge(1, 2)
	if over != 1 || !ready(w.p.Await(1, 2, func() {})) {
		t.Fatalf("not ready; %d told", over)
	}
}

// TestPeersInPlaceCostNothing: pairs that are in place are not kept.
func TestPeersInPlaceCostNothing(t *testing.T) {
	const n = 20
	w := newWorld(n)
	var streams []*Stream
	for id := linkspan.ChassisID(1); id <= n; id++ {
		streams = append(streams, w.p.Attach(id))
		w.update(endpoint(7, byte(id), id, 11))
	}
	for i, s := range streams {
		s.Take(1)
		w.p.Acknowledge(linkspan.ChassisID(i+1), 1)
	}
	w.update(endpoint(8, 2, 1, 12), endpoint(8, 3, 2, 12)) // they are peers already
	for id, s := range w.p.sites {
		if len(s.dirty)+len(s.sent) != 0 || !s.settled {
			t.Errorf("of chassis %d is kept: %v, %v", id, s.dirty, s.sent)
		}
	}
	if !ready(w.p.Await(1, n, func() {})) {
		t.Error("not ready")
	}
}
