// SPDX-License-Identifier: Apache-2.0

package control

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Latency counts durations in buckets that double, from 64 µs to 2 s. It has
// no lock and allocates nothing, so that a path can be measured that must not
// be slowed down. The zero value is ready for use.
type Latency struct {
	buckets [latencyBuckets]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

const (
	latencyBuckets = 17
	latencyShift   = 16 // the first bucket ends at 2^16 ns
)

// LatencyLimit returns where bucket i ends; 0 for the last, which does not.
func LatencyLimit(i int) time.Duration {
	if i >= latencyBuckets-1 {
		return 0
	}
	return 1 << (latencyShift + i)
}

// Read returns how many durations each bucket holds, and their sum. The parts
// are read one after the other, while others count.
func (l *Latency) Read() (counts [latencyBuckets]uint64, sum time.Duration) {
	for i := range l.buckets {
		counts[i] = l.buckets[i].Load()
	}
	return counts, time.Duration(l.sum.Load())
}

func (l *Latency) observe(d time.Duration) {
	i := bits.Len64(uint64(max(d-1, 0)) >> latencyShift)
	l.buckets[min(i, latencyBuckets-1)].Add(1)
	l.sum.Add(int64(d))
}
