// SPDX-License-Identifier: Apache-2.0

package cnm

// Watch returns a channel that holds a token after any record has changed;
// tokens do not pile up. Call stop when done.
func (c *Controller) Watch() (changed <-chan struct{}, stop func()) {
	return c.ledger.watch()
}

func (l *ledger) watch() (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers == nil {
		l.watchers = make(map[chan struct{}]struct{})
	}
	l.watchers[ch] = struct{}{}
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, ch)
	}
}

// tell wakes the watchers; l.mu is held.
func (l *ledger) tell() {
	for ch := range l.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
