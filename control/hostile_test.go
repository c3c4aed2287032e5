// SPDX-License-Identifier: Apache-2.0

package control

import (
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

func TestDumpIsBounded(t *testing.T) {
	given := 0
	each := bounded(func(body []byte) error { given += len(body); return nil })
	body := make([]byte, 1<<16)
	var err error
	for err == nil && given <= maxDump {
		err = each(body)
	}
	if linkspan.CodeOf(err) != linkspan.Exhausted || linkspan.HintOf(err) == "" || given != maxDump {
		t.Errorf("%d bytes, then: %v", given, err)
	}
}

// TestRoundsRunOut: a switch may say that its flows are of any rounds; looking
// for a free one ends.
func TestRoundsRunOut(t *testing.T) {
	used := make(map[pipeline.Round]bool)
	for r := range 1 << 16 {
		used[pipeline.Round(r)] = true
	}
	if _, err := nextRound(used); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
	for want, used := range map[pipeline.Round]map[pipeline.Round]bool{
		1: nil, 6: {5: true, 2: true}, 2: {65535: true, 1: true},
	} {
		if got, err := nextRound(used); got != want || err != nil {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
}

func TestKindsOfRefusalsAreBounded(t *testing.T) {
	var r refusals
	first := 0
	for range 2 {
		for code := range uint16(1000) {
			if r.note(&openflow.ErrorMessage{Type: openflow.ErrorBadRequest, Code: 100 + code}) {
				first++
			}
		}
	}
	if first != maxKinds || len(r.kinds) != maxKinds || r.error() == nil {
		t.Errorf("%d kinds logged, %d kept", first, len(r.kinds))
	}
}

// TestUnplacedPacketsAreDropped: what connection tracking let go without a word, as it
// does with fragments whose packet never came whole, does not take the tables again.
func TestUnplacedPacketsAreDropped(t *testing.T) {
	_, d := busyHub(10)
	for table, answered := range map[uint8]bool{30: true, 31: false, 41: false, 51: false} {
		var in openflow.PacketIn
		if err := in.Decode(packetIn(3, 5)); err != nil {
			t.Fatal(err)
		}
		in.TableID = table
		if n := handle(d, in.Append(nil, 0)); n > 0 != answered {
			t.Errorf("table %d: %d bytes are answered", table, n)
		}
	}
	if n := d.hub.counters.Ignored.Load(); n != 3 {
		t.Errorf("%d packets were ignored", n)
	}
}
