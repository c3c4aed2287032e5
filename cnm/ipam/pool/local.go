// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// local gives addresses that are unique in their pool on this host. The zero
// value needs quarantine and now.
type local struct {
	quarantine time.Duration
	now        func() time.Time

	mu     sync.Mutex
	spaces map[string]*space // by pool
}

// space is the addresses of one pool.
type space struct {
	used  map[netip.Addr]struct{}
	freed map[netip.Addr]time.Time // when they were released
	low   netip.Addr               // all below it, in the pool's range, are used; zero: not known
}

// of is called with the lock held.
func (l *local) of(pool string) *space {
	if l.spaces == nil {
		l.spaces = make(map[string]*space)
	}
	s := l.spaces[pool]
	if s == nil {
		s = &space{used: make(map[netip.Addr]struct{}), freed: make(map[netip.Addr]time.Time)}
		l.spaces[pool] = s
	}
	return s
}

func (l *local) restore(pool string, a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(pool).used[a] = struct{}{}
}

func (l *local) drop(pool string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.spaces, pool)
}

// release frees an address; one that is free already is fine.
func (l *local) release(pool string, a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of(pool)
	if _, used := s.used[a]; !used {
		return
	}
	delete(s.used, a)
	s.freed[a] = l.now()
	if s.low.IsValid() && a.Less(s.low) {
		s.low = a
	}
}

// take leases the wanted address or, when that is zero, the lowest that is free
// and out of quarantine, else the one that was released first.
func (l *local) take(p cnm.Pool, want netip.Addr) (netip.Addr, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of(p.ID)
	if !want.IsValid() {
		if want = s.lowest(p, l.now().Add(-l.quarantine)); !want.IsValid() {
			want = s.firstFreed(p)
		}
		if !want.IsValid() {
			return want, &linkspan.Error{
				Code: linkspan.Exhausted, Message: "no address of " + rangeOf(p).String() + " is free",
			}
		}
	}
	if _, used := s.used[want]; used {
		return want, &linkspan.Error{Code: linkspan.Exists, Message: "address " + want.String() + " is taken"}
	}
	s.used[want] = struct{}{}
	delete(s.freed, want)
	return want, nil
}

func rangeOf(p cnm.Pool) netip.Prefix {
	if p.Range.IsValid() {
		return p.Range
	}
	return p.Subnet
}

// lowest passes over what was released after the given time. It begins where
// the last search found nothing but used addresses, so that filling a pool
// costs its size and not the square of that.
func (s *space) lowest(p cnm.Pool, before time.Time) netip.Addr {
	r, n := rangeOf(p), linkspan.Network{Subnet: p.Subnet}
	a := r.Masked().Addr()
	if s.low.IsValid() && a.Less(s.low) {
		a = s.low
	}
	allUsed := true
	for ; a.IsValid() && r.Contains(a); a = a.Next() {
		_, used := s.used[a]
		if used || !n.IsHost(a) || isOwn(p, a) {
			if allUsed && used {
				s.low = a.Next()
			}
			continue
		}
		allUsed = false
		if s.freed[a].After(before) {
			continue
		}
		return a
	}
	return netip.Addr{}
}

func (s *space) firstFreed(p cnm.Pool) netip.Addr {
	var first netip.Addr
	for a, at := range s.freed {
		if !rangeOf(p).Contains(a) || isOwn(p, a) {
			continue
		}
		if was := s.freed[first]; !first.IsValid() || at.Before(was) || at.Equal(was) && a.Less(first) {
			first = a
		}
	}
	return first
}
