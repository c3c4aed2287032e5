// SPDX-License-Identifier: Apache-2.0

package control

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A duration is counted in the first bucket that does not end before it.
func TestLatencyCountsInTheRightBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "duration"))
		if rapid.Bool().Draw(t, "at a limit") {
			d = LatencyLimit(rapid.IntRange(0, latencyBuckets-2).Draw(t, "bucket"))
		}
		var l Latency
		l.observe(d)
		counts, sum := l.Read()
		want := 0
		for LatencyLimit(want) != 0 && LatencyLimit(want) < d {
			want++
		}
		if counts[want] != 1 || sum != d {
			t.Fatalf("%v is in %v, not in bucket %d; sum %v", d, counts, want, sum)
		}
	})
}

func TestLatencyAllocatesNothing(t *testing.T) {
	var l Latency
	if n := testing.AllocsPerRun(100, func() { l.observe(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLatency(b *testing.B) {
	var l Latency
	begun := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		l.observe(time.Since(begun))
	}
}
