// SPDX-License-Identifier: Apache-2.0

package control

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
)

// TestFloodIsBounded: a switch that does not keep its meters is answered as
// often as one that does could ask, and one that is there to measure always.
func TestFloodIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, d := busyHub(10)
		d.meters = make(map[uint32]pipeline.Meter)
		for _, m := range pipeline.Static(hub.View(), 1).Meters {
			d.meters[m.ID] = m
		}
		d.grant()
		const flood = 40_000
		const want = 2 * (10*500 + 3*4000) // the meters of ten ports, of the tunnel, of the direct port and of the gateway
		m := packetIn(1, 2)
		for range 3 {
			before := hub.counters.Allowed.Load()
			for range flood {
				handle(d, m)
			}
			if n := hub.counters.Allowed.Load() - before; n != want {
				t.Errorf("%d of %d answered, want %d", n, flood, want)
			}
			time.Sleep(time.Second)
		}
		if n := hub.counters.Excess.Load(); n != 3*(flood-want) {
			t.Errorf("%d in excess", n)
		}
		_, measured := busyHub(10)
		measured.unchecked, measured.meters = true, d.meters
		measured.grant()
		for range flood {
			handle(measured, m)
		}
		if n := measured.hub.counters.Excess.Load(); n != 0 {
			t.Errorf("measured: %d in excess", n)
		}
	})
}

// TestNoDenialWithoutItsIndexEntry: when a chassis has too many denials, packets
// are dropped one by one.
func TestNoDenialWithoutItsIndexEntry(t *testing.T) {
	hub, d := busyHub(10)
	hub.index.held[1] = maxDenials
	if n := handle(d, packetIn(1, 200)); n != 0 || hub.counters.Crowded.Load() != 1 || hub.counters.Denied.Load() != 0 {
		t.Errorf("%d bytes sent, %d crowded", n, hub.counters.Crowded.Load())
	}
	hub.index.held[1]--
	if n := handle(d, packetIn(1, 200)); n == 0 || hub.counters.Denied.Load() != 1 {
		t.Errorf("with room for one: %d bytes sent", n)
	}
}

// TestAnswersThatOthersCauseAreBounded: a chassis with a route to another's
// endpoint cannot flood it with answers that it reports reasons for.
func TestAnswersThatOthersCauseAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, d := busyHub(10)
		home, source := new(datapath), at(200, 2)
		if d.believed(home, source) {
			t.Error("without a route")
		}
		hub.index.route(source, at(1, 1))
		if d.believed(nil, source) {
			t.Error("of a chassis that is away")
		}
		told := 0
		for range 10_000 {
			if d.believed(home, source) {
				told++
			}
		}
		if told != expireBurst {
			t.Errorf("%d at once", told)
		}
	})
}
