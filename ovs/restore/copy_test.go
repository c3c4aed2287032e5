// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/wire/openflow"
)

// TestReplicaFollows plays random updates to a replica and to a plain map.
func TestReplicaFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, plain := newReplica(1<<20), make(map[string]uint64)
		var doubted map[string]uint64 // what was there when the oldest doubt began
		for range rapid.IntRange(0, 60).Draw(t, "updates") {
			u := openflow.FlowUpdate{TableID: rapid.Uint8Range(0, 4).Draw(t, "table"), Cookie: rapid.Uint64Range(1, 9).Draw(t, "cookie"),
				Event:        openflow.FlowEvent(rapid.IntRange(0, 2).Draw(t, "event")),
				Reason:       openflow.RemovedReason(rapid.SampledFrom([]int{0, 2}).Draw(t, "reason")),
				Instructions: openflow.Instructions(nil).Meter(uint32(rapid.IntRange(1, 3).Draw(t, "meter")))}
			key := keyOf(&u)
			if u.Event == openflow.FlowModified && plain[key] == 0 {
				continue
			}
			if u.Event == openflow.FlowDeleted {
				if f, has := r.flows[key]; has {
					u.Instructions = openflow.Instructions(f.instructions)
				}
				delete(plain, key)
			} else {
				plain[key] = u.Cookie
			}
			r.apply(&u, make(map[uint32]bool))
			if rapid.Bool().Draw(t, "believe") {
				r.believe(rapid.IntRange(0, len(r.doubted)).Draw(t, "n"))
			}
			check(t, r, plain)
		}
		doubted = make(map[string]uint64)
		for _, d := range r.doubted {
			doubted[d.key] = d.cookie
		}
		for key, cookie := range plain {
			doubted[key] = cookie
		}
		r.disbelieve()
		check(t, r, doubted)
	})
}

// check compares, and counts meters and bytes anew.
func check(t *rapid.T, r *replica, want map[string]uint64) {
	got, meters, bytes := make(map[string]uint64), make(map[uint32]int), 0
	count := func(key string, f flow) {
		bytes += f.size(key)
		if id, has := f.meter(); has {
			meters[id]++
		}
	}
	for key, f := range r.flows {
		got[key] = f.cookie
		count(key, f)
	}
	for _, d := range r.doubted {
		count(d.key, d.flow)
	}
	counted := make(map[uint32]int)
	for id, m := range r.meters {
		counted[id] = m.flows
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("flows: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(meters, counted); diff != "" || bytes != r.bytes {
		t.Fatalf("%d bytes, counted %d; meters: -want +got:\n%s", r.bytes, bytes, diff)
	}
}

func TestRestoredFlowIsTheFlow(t *testing.T) {
	var m openflow.Match
	u := openflow.FlowUpdate{TableID: 30, Priority: 400, Cookie: 0x21, IdleTimeout: 60, Match: m.EthType(0x0800).View(),
		Instructions: openflow.Instructions(nil).GotoTable(40)}
	r := newReplica(1 << 20)
	r.apply(&u, nil)
	key := keyOf(&u)
	want := &openflow.FlowMod{TableID: 30, Priority: 400, Cookie: 0x21, IdleTimeout: 60, Match: u.Match,
		Instructions: u.Instructions, Flags: openflow.FlowSendRemoved}
	if diff := cmp.Diff(want, r.flows[key].mod(key)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
