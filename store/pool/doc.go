// SPDX-License-Identifier: Apache-2.0

// Package pool says which addresses of a prefix are taken and which to give out
// next. It is a plain value without I/O or locks: whoever leases addresses
// keeps it true to the leases.
//
// The next address is found in a few steps however full the pool is: a tree of
// bitmaps, 64 wide, says of each block whether it is full. Addresses are given
// out going up, so that one that was freed rests as long as possible before it
// is given out again.
//
//	p, err := pool.New(netip.MustParsePrefix("10.7.0.0/24"), true)
//	p.Take(gateway)
//	a, ok := p.Next() // 10.7.0.2, and taken
package pool
