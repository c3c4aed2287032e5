// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"math/bits"
	"time"
)

// subBits is the precision of a Histogram: each power of two has 2^subBits
// buckets, so that a bucket is at most 1/64 of its value wide.
const subBits = 6

// Histogram counts durations. The zero value is empty. Negative durations
// count as 0. It is not safe for concurrent use.
type Histogram struct {
	counts [(64 - subBits) << subBits]uint64
	n      uint64
	sum    float64
	max    time.Duration
}

// Record counts d once.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d))]++
	h.n++
	h.sum += float64(d)
	h.max = max(h.max, d)
}

// Add counts everything that o counted.
func (h *Histogram) Add(o *Histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.n }

// Max returns the longest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the mean, 0 when there is none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.n))
}

// Quantile returns the duration that the share q, 0 to 1, does not exceed: the
// middle of its bucket, within 1 % of the true one. It is 0 when there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(h.n)))
	rank = min(max(rank, 1), h.n)
	for i, c := range h.counts {
		if rank <= c {
			return min(middleOf(i), h.max)
		}
		rank -= c
	}
	return h.max
}

// bucketOf: values below 2^subBits have a bucket each; above, the position of
// the highest bit and the subBits bits after it choose.
func bucketOf(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return (shift+1)<<subBits + int(v>>shift) - 1<<subBits
}

func middleOf(i int) time.Duration {
	if i < 1<<subBits {
		return time.Duration(i)
	}
	shift := i>>subBits - 1
	low := uint64(i&(1<<subBits-1)|1<<subBits) << shift
	return time.Duration(low + 1<<shift/2)
}
