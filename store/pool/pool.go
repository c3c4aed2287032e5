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

// window is how many bits of an address the tree tells apart.
const window = 6 * levels

// Pool is the set of taken addresses of a prefix, of IPv4 from /8. Of an IPv6 prefix
// of more addresses it is that of the first 2^24; those behind can be had by asking
// for them, of which a pool does not know.
type Pool struct {
	prefix netip.Prefix // that the tree covers
	size   uint32       // addresses in it
	cursor uint32       // where the search goes on
	taken  uint32

	// full[0] has a bit for each address, full[n] one for each word of
	// full[n-1] that has all its bits set. A missing word is zero.
	full [levels]map[uint32]uint64
}

// New returns a pool of the addresses of prefix. When prefix is a whole subnet,
// its own address and the broadcast address are taken from the start
// (RFC 1122, 3.2.1.3); of a range inside a subnet nothing is.
func New(prefix netip.Prefix, whole bool) (*Pool, error) {
	if !prefix.IsValid() || prefix.Bits() < 8 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "no pool can be made of " + prefix.String()}
	}
	prefix = prefix.Masked()
	least := prefix.Addr().BitLen() - window
	cut := prefix.Bits() < least
	if cut {
		prefix = netip.PrefixFrom(prefix.Addr(), least)
	}
	p := &Pool{prefix: prefix, size: 1 << (prefix.Addr().BitLen() - prefix.Bits())}
	for i := range p.full {
		p.full[i] = make(map[uint32]uint64)
	}
	if whole {
		p.set(0)
	}
	if whole && !cut {
		p.set(p.size - 1)
	}
	return p, nil
}

// Take marks an address as taken; it reports whether it was free. An address
// outside the pool is never free.
func (p *Pool) Take(a netip.Addr) bool {
	return p.prefix.Contains(a) && p.set(p.number(a))
}

// Free marks an address as free again.
func (p *Pool) Free(a netip.Addr) {
	if p.prefix.Contains(a) {
		p.unset(p.number(a))
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
	return p.address(i), true
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

// number returns which address of the pool one is that is in it.
func (p *Pool) number(a netip.Addr) uint32 { return low(a) - low(p.prefix.Addr()) }

// address is the inverse of number.
func (p *Pool) address(i uint32) netip.Addr {
	b := p.prefix.Addr().AsSlice()
	end := b[len(b)-4:]
	binary.BigEndian.PutUint32(end, binary.BigEndian.Uint32(end)+i)
	a, _ := netip.AddrFromSlice(b)
	return a
}

// low returns the last 32 bits of an address.
func low(a netip.Addr) uint32 {
	b := a.AsSlice()
	return binary.BigEndian.Uint32(b[len(b)-4:])
}
