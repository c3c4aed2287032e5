// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"sync"
	"time"
)

// What bounds how many switches begin at once: after the start of a controller
// all of them come, and each is done the sooner, and with less memory, the fewer
// others are under way. A switch that takes its time holds others up no longer
// than turnTime.
const (
	maxTurns = 32
	turnTime = 2 * time.Second
)

// turns holds one for each switch that begins.
type turns chan struct{}

func newTurns() turns { return make(turns, maxTurns) }

// wait waits for a turn, for turnTime at most; the function ends the turn and
// may be called again, for nothing.
func (t turns) wait(ctx context.Context) (end func()) {
	timer := time.NewTimer(turnTime)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return sync.OnceFunc(func() { <-t })
	case <-timer.C:
	case <-ctx.Done():
	}
	return func() {}
}
