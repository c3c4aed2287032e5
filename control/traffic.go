// SPDX-License-Identifier: Apache-2.0

package control

import (
	"math"
	"time"
)

// traffic is some packets. It is less than nothing only as a difference.
type traffic struct{ packets, bytes int64 }

// trafficOf is what a switch says; more than fits is what fits.
func trafficOf(packets, bytes uint64) traffic {
	return traffic{int64(min(packets, math.MaxInt64)), int64(min(bytes, math.MaxInt64))}
}

// plus adds, up to what fits.
func (t traffic) plus(o traffic) traffic {
	return traffic{sum(t.packets, o.packets), sum(t.bytes, o.bytes)}
}

// minus is the difference of two that are not less than nothing.
func (t traffic) minus(o traffic) traffic {
	return traffic{t.packets - o.packets, t.bytes - o.bytes}
}

// most returns the greater of each.
func (t traffic) most(o traffic) traffic {
	return traffic{max(t.packets, o.packets), max(t.bytes, o.bytes)}
}

// least returns the lesser of each.
func (t traffic) least(o traffic) traffic {
	return traffic{min(t.packets, o.packets), min(t.bytes, o.bytes)}
}

func sum(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// The most that a switch is believed to have had in a second: more than its lines carry.
const (
	maxPackets = 1 << 30
	maxBytes   = 1 << 37
)

// believable is the most that a switch is believed to have had in a time.
func believable(in time.Duration) traffic {
	seconds := min(int64(in/time.Second)+1, 1<<25) // a year, so that the product fits
	return traffic{seconds * maxPackets, seconds * maxBytes}
}
