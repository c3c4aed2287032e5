// SPDX-License-Identifier: Apache-2.0

package control

import (
	"math"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

func counting(ids ...linkspan.PolicyID) *tally {
	t := newTally()
	for _, id := range ids {
		t.follow(&view.Delta{Policies: []view.Changed[linkspan.Policy]{{New: &linkspan.Policy{ID: id}}}})
	}
	return t
}

func sums(packets ...int64) map[linkspan.PolicyID]traffic {
	m := make(map[linkspan.PolicyID]traffic)
	for i, n := range packets {
		m[linkspan.PolicyID(i+1)] = traffic{n, 100 * n}
	}
	return m
}

// step is something that a tally is told, and how many packets the policy has then.
type step struct {
	text string
	do   func(*tally)
	want uint64
}

func begin(session uint64, n int64) func(*tally) {
	return func(t *tally) { t.begin(1, session, sums(n)) }
}

func take(session uint64, n int64) func(*tally) {
	return func(t *tally) { t.take(1, session, sums(n)) }
}

func gone(n int64) func(*tally) {
	return func(t *tally) { t.removed(1, 1, traffic{n, 100 * n}) }
}

func repealed(t *tally) {
	t.follow(&view.Delta{Policies: []view.Changed[linkspan.Policy]{{Old: &linkspan.Policy{ID: 1}}}})
}

// tallied is what a policy has after each step.
var tallied = map[string][]step{
	"flows that stay": {
		{"what was there before is not counted", begin(1, 1000), 0},
		{"what came since is", take(1, 1007), 7},
		{"and once", take(1, 1007), 7},
	},
	"flows that go": {
		{"it has none", begin(1, 0), 0},
		{"a flow counts", take(1, 10), 10},
		{"it goes, and is not added yet", gone(15), 10},
		{"it is when asked", take(1, 0), 15},
		{"one that came and went in between", gone(4), 15},
		{"counts, too", take(1, 2), 21},
	},
	"a flow that is told of twice": {
		{"it has none", begin(1, 0), 0},
		{"it goes while the switch tells of it", gone(5), 0},
		{"which is more than there was", take(1, 5), 10},
		{"and is not taken back", take(1, 0), 10},
		{"nor added to", take(1, 3), 10},
		{"until it is true", take(1, 6), 11},
	},
	"a switch that comes again": {
		{"it has none", begin(1, 0), 0},
		{"a flow counts", take(1, 10), 10},
		{"it went on meanwhile", begin(2, 14), 14},
		{"and goes on", take(2, 15), 15},
		{"what the old session says late is not heard", take(1, 500), 15},
		{"all went meanwhile", begin(3, 0), 15},
		{"what comes then counts", take(3, 2), 17},
	},
	"a policy that goes": {
		{"it has none", begin(1, 0), 0},
		{"it counts", take(1, 5), 5},
		{"it goes", repealed, 0},
		{"what is heard of it is of nobody", gone(5), 0},
	},
	"a switch that says it had much before": {
		{"which does not count", begin(1, 1<<50), 0},
		{"nor does it when that is gone", take(1, 0), 0},
		{"what comes then counts", take(1, 7), 7},
	},
}

// TestTally: whatever goes and comes between two questions, each packet counts once,
// and what was said is never taken back.
func TestTally(t *testing.T) {
	for name, steps := range tallied {
		t.Run(name, func(t *testing.T) {
			all := counting(1)
			for _, s := range steps {
				s.do(all)
				if got := all.use()[1]; got.Packets != s.want || got.Bytes != 100*s.want {
					t.Fatalf("%s: %d packets, %d bytes, want %d", s.text, got.Packets, got.Bytes, s.want)
				}
			}
		})
	}
}

// TestTallyBelievesWithinReason: a switch that says more than there can be is believed what
// there can be, and does not change what others counted.
func TestTallyBelievesWithinReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := counting(1)
		for id := linkspan.ChassisID(1); id <= 2; id++ {
			all.begin(id, 1, sums(0))
		}
		all.take(2, 1, sums(1000))
		much := trafficOf(math.MaxUint64, math.MaxUint64)
		for range 3 {
			all.removed(1, 1, much)
			all.take(1, 1, map[linkspan.PolicyID]traffic{1: much})
			all.take(1, 1, nil)
		}
		most := believable(0).packets
		if got := all.use()[1].Packets; got < 1000 || got > uint64(1000+3*most) {
			t.Errorf("%d packets, at most %d are possible", got, 1000+3*most)
		}
		all.begin(3, 1, nil)
		all.removed(3, 1, much)
		time.Sleep(10 * time.Second)
		before := all.use()[1].Packets
		all.take(3, 1, nil)
		if more := all.use()[1].Packets - before; more > uint64(believable(10*time.Second).packets) {
			t.Errorf("%d more in ten seconds", more)
		}
		all.take(2, 1, sums(2000))
		if use := all.use()[1]; use.Packets < 2000 || int64(use.Packets) < 0 || int64(use.Bytes) < 0 {
			t.Errorf("counted %+v", use)
		}
	})
}

// TestTallyIsBounded: it keeps nothing of policies and chassis that are gone.
func TestTallyIsBounded(t *testing.T) {
	all := counting(1, 2)
	all.begin(1, 1, sums(1, 2))
	all.removed(1, 1, traffic{1, 1})
	all.decided(&linkspan.Policy{ID: 1}, 60)
	if u := all.use()[1]; u.Decisions != 1 || u.Packets != 1 || u.Bytes != 60 || u.Since.IsZero() {
		t.Errorf("counted %+v", u)
	}
	all.follow(&view.Delta{
		Policies: []view.Changed[linkspan.Policy]{{Old: &linkspan.Policy{ID: 1}}, {Old: &linkspan.Policy{ID: 2}}},
		Chassis:  []view.Changed[linkspan.Chassis]{{Old: &linkspan.Chassis{ID: 1}}},
	})
	all.decided(&linkspan.Policy{ID: 1}, 60)
	all.removed(1, 1, traffic{1, 1})
	if len(all.of)+len(all.on) != 0 {
		t.Errorf("%d policies, %d chassis", len(all.of), len(all.on))
	}
}

// TestToldOnce: of what comes up packet by packet it is told once in a while, and not
// of very many.
func TestToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all told
		end := func(last byte) *linkspan.Endpoint {
			return &linkspan.Endpoint{Network: 1, Address: netip.AddrFrom4([4]byte{10, 7, 0, last})}
		}
		d := &decide.Decision{Source: end(1), Destination: end(2), Reason: decide.PolicyRejects}
		var heard []int
		for second := range 3 * pipeline.DenySeconds {
			if all.first(1, d) {
				heard = append(heard, second)
			}
			time.Sleep(time.Second)
		}
		if len(heard) < 1 || len(heard) > 3 || !slices.IsSorted(heard) || heard[0] != 0 {
			t.Errorf("told at %v", heard)
		}
		n := 0
		for i := range 3 * maxTold {
			d.Class = decide.BlockOf(decide.ProtocolTCP, uint16(i), 16)
			d.Reply = i >= 1<<16
			if all.first(1, d) {
				n++
			}
		}
		if n > maxTold || len(all.now)+len(all.before) > 2*maxTold {
			t.Errorf("told %d times, and %d remembered", n, len(all.now)+len(all.before))
		}
	})
}
