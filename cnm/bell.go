// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"sync"
)

// bell wakes all who wait for some record to change.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// heard returns a channel that is closed at the next ring.
func (b *bell) heard() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// until waits until done says true, which it is asked at once and after each
// ring. The error is that of the context.
func (b *bell) until(ctx context.Context, done func() bool) error {
	for {
		ring := b.heard()
		if done() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ring:
		}
	}
}
