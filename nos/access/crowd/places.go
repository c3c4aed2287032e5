// SPDX-License-Identifier: Apache-2.0

package crowd

import (
	"net/netip"
	"slices"
	"sync"
)

// The bounds of connections at once.
const (
	MaxStrangers = 16 // that have not logged in
	MaxOfSource  = 4  // of them, of one source
	MaxUsers     = 64 // that have logged in, besides the first of each user
	MaxOfUser    = 16 // of them, of one user
)

// Places are the connections that there are. Nobody can take all of them: of one source only some
// can be strangers, when there is no place for a stranger the oldest one goes, and each user has one
// that nobody else can take.
type Places struct {
	mu        sync.Mutex
	strangers []*Stranger // the oldest first
	users     map[string]int
	all       int // of users
}

// Stranger is a connection of somebody who has not logged in.
type Stranger struct {
	source netip.Prefix
	end    func() // closes it
}

// NewPlaces returns places that nobody has taken.
func NewPlaces() *Places { return &Places{users: map[string]int{}} }

// Come takes a place for a stranger; end is called when another one gets it. It returns nil if
// there are too many of the source.
func (p *Places) Come(from netip.Addr, end func()) *Stranger {
	s := &Stranger{source: sourceOf(from), end: end}
	p.mu.Lock()
	defer p.mu.Unlock()
	of := 0
	for _, other := range p.strangers {
		if other.source == s.source {
			of++
		}
	}
	if of >= MaxOfSource {
		return nil
	}
	if len(p.strangers) >= MaxStrangers {
		p.strangers[0].end()
		p.strangers = slices.Delete(p.strangers, 0, 1)
	}
	p.strangers = append(p.strangers, s)
	return s
}

// Gone gives back a stranger's place, if nobody else has got it.
func (p *Places) Gone(s *Stranger) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strangers = slices.DeleteFunc(p.strangers, func(other *Stranger) bool { return other == s })
}

// Enter takes a place for a connection of a user, and says whether there is one.
func (p *Places) Enter(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if of := p.users[name]; of >= MaxOfUser || of > 0 && p.all >= MaxUsers {
		return false
	}
	p.users[name]++
	p.all++
	return true
}

// Leave gives back the place of a connection of a user.
func (p *Places) Leave(name string) {
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
