// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// How many wrong passwords an address may try: some at once, then one in a while.
const (
	wrongAtOnce = 10
	wrongEvery  = 5 * time.Second
	maxSources  = 4096 // addresses that are remembered
)

// tries counts what each address tries. A /64 of IPv6 counts as one address.
type tries struct {
	clock func() time.Time
	mu    sync.Mutex
	owed  map[netip.Prefix]time.Time // when an address has all its tries again
}

func newTries(now func() time.Time) *tries {
	return &tries{clock: now, owed: map[netip.Prefix]time.Time{}}
}

// take counts a try. The error is Exhausted.
func (t *tries) take(from netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, key := t.clock(), sourceOf(from)
	owed := t.owed[key]
	if owed.Before(now) {
		owed = now
	}
	if owed.Sub(now) > (wrongAtOnce-1)*wrongEvery {
		return &linkspan.Error{Code: linkspan.Exhausted, Message: "too many wrong passwords came from your address", Hint: "wait a minute"}
	}
	if len(t.owed) >= maxSources {
		t.sweep(now)
	}
	t.owed[key] = owed.Add(wrongEvery)
	return nil
}

// sweep makes room: of those that owe something any may go.
func (t *tries) sweep(now time.Time) {
	for key, owed := range t.owed {
		if owed.Before(now) || len(t.owed) >= maxSources {
			delete(t.owed, key)
		}
	}
}

// forgive gives a try back that was right.
func (t *tries) forgive(from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if key := sourceOf(from); !t.owed[key].IsZero() {
		t.owed[key] = t.owed[key].Add(-wrongEvery)
	}
}

func sourceOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of no address it is none, which counts as one
	return p
}

// peerAddress returns the address that a request came from.
func peerAddress(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().Unmap()
}
