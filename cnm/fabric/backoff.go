// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"math/rand/v2"
	"time"
)

// The pauses between tries: the first, doubled after each failure, up to the
// last; each is shortened by chance by up to a half, so that the hosts of a
// restarted controller do not come back in one instant.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// backoff counts the failures in a row. The zero value is ready.
type backoff struct{ failures int }

func (b *backoff) reset() { b.failures = 0 }

// pause returns how long to wait after one more failure.
func (b *backoff) pause() time.Duration {
	d := min(firstPause<<min(b.failures, 16), lastPause)
	b.failures++
	return d - rand.N(d/2)
}

// wait pauses until the time is over, a token comes on wake (which may be nil)
// or ctx ends, whose error it returns.
func (b *backoff) wait(ctx context.Context, wake <-chan struct{}) error {
	timer := time.NewTimer(b.pause())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-wake:
	}
	return nil
}
