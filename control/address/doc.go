// SPDX-License-Identifier: Apache-2.0

// Package address proposes the next address of a network to lease. What is
// leased stands in the store alone; this is a picture of it, kept true by the
// changes that the controller follows, so that a free address is found without
// scanning. Two controllers may propose the same address: the store gives it to
// one of them and the other proposes another.
//
//	a, err := allocator.Propose(network)
//	if err := store.Reserve(ctx, linkspan.Endpoint{Address: a, ...}); err != nil {
//		allocator.Withdraw(network, a) // unless somebody else holds it
//	}
package address
