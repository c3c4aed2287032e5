// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// levels is the depth of the tree: 64^4 addresses, a /8.
const levels = 4

// Pool is the set of taken addresses of an IPv4 prefix from /8 to /30.
type Pool struct {
	prefix netip.Prefix
	base   uint32
	size   uint32 // addresses in the prefix
	cursor uint32 // where the search goes on
	taken  uint32

	// full[0] has a bit for each address, full[n] one for each word of
	// full[n-1] that has all its bits set. A missing word is zero.
	full [levels]map[uint32]uint64
}

// New returns a pool of the addresses of prefix. When prefix is a whole subnet,
// its own address and the broadcast address are taken from the start
// (RFC 1122, 3.2.1.3); of a range inside a subnet nothing is.
func New(prefix netip.Prefix, whole bool) (*Pool, error) {
	if !prefix.IsValid() || !prefix.Addr().Is4() || prefix.Bits() < 8 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "no pool can be made of " + prefix.String()}
	}
	prefix = prefix.Masked()
	p := &Pool{prefix: prefix, base: number(prefix.Addr()), size: 1 << (32 - prefix.Bits())}
	for i := range p.full {
		p.full[i] = make(map[uint32]uint64)
	}
	if whole {
		p.set(0)
		p.set(p.size - 1)
	}
	return p, nil
}

// Take marks an address as taken; it reports whether it was free. An address
// outside the pool is never free.
func (p *Pool) Take(a netip.Addr) bool {
	return p.prefix.Contains(a) && p.set(number(a)-p.base)
}

// Free marks an address as free again.
func (p *Pool) Free(a netip.Addr) {
	if p.prefix.Contains(a) {
		p.unset(number(a) - p.base)
	}
}

// Next takes the next free address and returns it; ok is false when none is
// left.
func (p *Pool) Next() (a netip.Addr, ok bool) {
	i, ok := p.next(0, p.cursor)
	if !ok || i >= p.size {
		if i, ok = p.next(0, 0); !ok || i >= p.size {
			return netip.Addr{}, false
		}
	}
	p.set(i)
	p.cursor = i + 1
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], p.base+i)
	return netip.AddrFrom4(b), true
}

// Size returns how many addresses there are and how many of them are taken.
func (p *Pool) Size() (all, taken int) { return int(p.size), int(p.taken) }

// next returns the first clear bit at or after from on a level.
func (p *Pool) next(level int, from uint32) (uint32, bool) {
	word := from / 64
	if free := ^p.full[level][word] & (^uint64(0) << (from % 64)); free != 0 {
		return word*64 + uint32(bits.TrailingZeros64(free)), true
	}
	if level == levels-1 {
		return 0, false
	}
	word, ok := p.next(level+1, word+1)
	if !ok {
		return 0, false
	}
	return word*64 + uint32(bits.TrailingZeros64(^p.full[level][word])), true
}

func (p *Pool) set(i uint32) bool {
	if p.full[0][i/64]&(1<<(i%64)) != 0 {
		return false
	}
	p.taken++
	for level := range p.full {
		word := i / 64
		p.full[level][word] |= 1 << (i % 64)
		if p.full[level][word] != ^uint64(0) {
			break
		}
		i = word
	}
	return true
}

func (p *Pool) unset(i uint32) {
	if p.full[0][i/64]&(1<<(i%64)) == 0 {
		return
	}
	p.taken--
	for level := range p.full {
		word := i / 64
		wasFull := p.full[level][word] == ^uint64(0)
		if p.full[level][word] &^= 1 << (i % 64); p.full[level][word] == 0 {
			delete(p.full[level], word)
		}
		if !wasFull {
			break
		}
		i = word
	}
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}
