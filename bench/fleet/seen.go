// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
)

// Seen is something that a host learned: of a peer, of a network, of an endpoint
// of an overlay network, or how many flows its bridge has now.
type Seen struct {
	Peer    uint32 // number of a chassis
	Network uint32
	Address netip.Addr // of an endpoint of the network, which is an overlay
	Flows   *Bridge
	Gone    bool   // it is no peer, no network or no endpoint any more
	Number  uint32 // of flows
}

// watch waits for some hosts to see something.
type watch struct {
	what Seen
	done chan struct{}

	mu   sync.Mutex
	left int
}

// saw tells whoever waits.
func (f *Fleet) saw(s Seen) {
	w := f.watch.Load()
	if w == nil || w.what != s {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left--; w.left == 0 {
		close(w.done)
	}
}

// Until does something and returns when so many hosts have seen its effect. It
// is for one caller at a time.
func (f *Fleet) Until(ctx context.Context, what Seen, hosts int, do func() error) error {
	w := &watch{what: what, done: make(chan struct{}), left: hosts}
	f.watch.Store(w)
	defer f.watch.Store(nil)
	if err := do(); err != nil || hosts == 0 {
		return err
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		return fmt.Errorf("%d of %d hosts have not seen %+v: %w", w.left, hosts, what, ctx.Err())
	}
}
