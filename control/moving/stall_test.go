// SPDX-License-Identifier: Apache-2.0

package moving_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// A host that neither gives nor takes any more does not keep the move: whoever gathers
// the image or unpacks it is given longer than whoever is in the middle of it.
func TestStalledImages(t *testing.T) {
	for name, test := range map[string]struct {
		task        string
		stall, busy time.Duration
	}{
		"gathers for ever": {"h1 Give", time.Hour, time.Millisecond},
		"unpacks for ever": {"h2 Take", time.Hour, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.kill()
			w.stall, w.busy = test.stall, test.busy
			w.boot()
			left := make(chan struct{})
			w.before[test.task] = func(ctx context.Context) {
				select {
				case <-left:
				case <-ctx.Done():
				}
			}
			if err := w.move(); err == nil || !strings.Contains(err.Error(), "does not move any more") {
				t.Errorf("the move ended with %v", err)
			}
			w.mu.Lock()
			delete(w.before, test.task)
			w.mu.Unlock()
			close(left)
			w.ends(running, absent)
		})
	}
}
