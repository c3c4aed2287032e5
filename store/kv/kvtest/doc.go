// SPDX-License-Identifier: Apache-2.0

// Package kvtest proves that a back end keeps the contract of [kv.Store]. Each
// back end runs it in its own tests:
//
//	func TestConformance(t *testing.T) {
//		kvtest.Run(t, func(t *testing.T) kv.Store { return memory.New() })
//	}
//
// The tests of leases and of compaction run when the store is a [kv.Leaser]
// and a [kv.Compacter]. [Bench] measures the same four figures of every back
// end. Nothing here knows how a back end works inside; what only one of them
// can do, such as to outlive its process, is tested there.
package kvtest
