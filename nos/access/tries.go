// SPDX-License-Identifier: Apache-2.0

package access

import (
	"net/netip"
	"sync"
	"time"
)

// How many passwords one address may try: some at once, then one in a while. A
// network of IPv6 that one customer has (/64) counts as one address.
const (
	burst    = 5
	interval = 10 * time.Second
	known    = 4096 // addresses
)

// tries counts the passwords that were tried, by address.
type tries struct {
	now func() time.Time

	mu   sync.Mutex
	free map[netip.Prefix]time.Time // when all tries are free again
}

func newTries(now func() time.Time) *tries {
	return &tries{now: now, free: map[netip.Prefix]time.Time{}}
}

// take takes a try of an address, or says that it has none.
func (t *tries) take(from netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, key := t.now(), source(from)
	free := t.free[key]
	if free.Before(now) {
		free = now
	}
	if wait := free.Add(interval).Sub(now) - burst*interval; wait > 0 {
		return tooOften(wait)
	}
	if _, there := t.free[key]; !there && len(t.free) >= known {
		t.forget(now)
	}
	t.free[key] = free.Add(interval)
	return nil
}

// forget makes room: what is free anyway goes, or else the one that is nearest to it.
func (t *tries) forget(now time.Time) {
	var next netip.Prefix
	for key, free := range t.free {
		if free.Before(now) {
			delete(t.free, key)
		} else if other, ok := t.free[next]; !ok || free.Before(other) {
			next = key
		}
	}
	if len(t.free) >= known {
		delete(t.free, next)
	}
}

// forgive gives an address back the one try that was right. Those that were not stay
// counted: who knows one password may be guessing another.
func (t *tries) forgive(from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if key := source(from); !t.free[key].IsZero() {
		t.free[key] = t.free[key].Add(-interval)
	}
}

// source is what counts as one address. Those without an address count as one.
func source(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
