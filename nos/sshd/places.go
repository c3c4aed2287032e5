// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"net/netip"
	"slices"
	"sync"
)

// The bounds of connections at once.
const (
	maxStrangers = 16 // that have not logged in
	maxOfSource  = 4  // of them, of one source
	maxUsers     = 64 // that have logged in, besides the first of each user
	maxOfUser    = 16 // of them, of one user
)

// places are the connections that there are. Nobody can take all of them: of one source only some
// can be strangers, when there is no place for a stranger the oldest one goes, and each user has one
// that nobody else can take.
type places struct {
	mu        sync.Mutex
	strangers []*stranger // the oldest first
	users     map[string]int
	all       int // of users
}

// stranger is a connection of somebody who has not logged in.
type stranger struct {
	source netip.Prefix
	end    func() // closes it
}

func newPlaces() *places { return &places{users: map[string]int{}} }

// come takes a place for a stranger; end is called when another one gets it. It returns nil if
// there are too many of the source.
func (p *places) come(from netip.Addr, end func()) *stranger {
	s := &stranger{source: sourceOf(from), end: end}
	p.mu.Lock()
	defer p.mu.Unlock()
	of := 0
	for _, other := range p.strangers {
		if other.source == s.source {
			of++
		}
	}
	if of >= maxOfSource {
		return nil
	}
	if len(p.strangers) >= maxStrangers {
		p.strangers[0].end()
		p.strangers = slices.Delete(p.strangers, 0, 1)
	}
	p.strangers = append(p.strangers, s)
	return s
}

// gone gives back a stranger's place, if nobody else has got it.
func (p *places) gone(s *stranger) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strangers = slices.DeleteFunc(p.strangers, func(other *stranger) bool { return other == s })
}

// enter takes a place for a connection of a user, and says whether there is one.
func (p *places) enter(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if of := p.users[name]; of >= maxOfUser || of > 0 && p.all >= maxUsers {
		return false
	}
	p.users[name]++
	p.all++
	return true
}

// leave gives back the place of a connection of a user.
func (p *places) leave(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.users[name]--; p.users[name] == 0 {
		delete(p.users, name)
	}
}

// sourceOf returns what is counted as one source: an IPv4 address, or the IPv6 addresses of a
// subnet, of which a host has as many as it likes (RFC 4291, 2.5.4).
func sourceOf(a netip.Addr) netip.Prefix {
	const subnet = 64
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return netip.PrefixFrom(a, subnet).Masked()
	}
	return netip.PrefixFrom(a, a.BitLen())
}
