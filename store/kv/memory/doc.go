// SPDX-License-Identifier: Apache-2.0

// Package memory keeps a [kv.Store] in the memory of one process: the fake for
// tests of everything above the store, and a real store for state that may be
// lost with the process.
//
// It is not durable and not shared between processes. A put costs a move of
// the sorted keys, 16 bytes for each key in the store; all else costs a
// logarithm and what is returned.
//
//	store := memory.New()
//	defer store.Close()
//	revision, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("network/web", value)}})
package memory
