// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
)

// bucket lets so many things happen a second. The zero value is full. Its
// methods may be called concurrently.
type bucket struct {
	mu   sync.Mutex
	left float64
	last time.Time
}

// take says whether one more may happen, at rate a second and burst at once.
func (b *bucket) take(rate, burst float64) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.IsZero() {
		b.left = burst
	}
	b.left = min(burst, b.left+rate*now.Sub(b.last).Seconds())
	b.last = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// allowance bounds what a switch may send up. Its own meters do so already;
// this is for one that does not keep them.
type allowance struct {
	rate   atomic.Int64 // packets a second; 0: as many as it likes
	bucket bucket
}

// grant sets the allowance to twice what the meters let through: what they let
// through in two seconds may come at once when the way was blocked meanwhile.
func (a *allowance) grant(meters map[uint32]pipeline.Meter) {
	a.rate.Store(2 * pipeline.PuntRate(meters))
}

func (a *allowance) take() bool {
	rate := float64(a.rate.Load())
	return rate == 0 || a.bucket.take(rate, rate)
}
