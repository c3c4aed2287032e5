// SPDX-License-Identifier: Apache-2.0

// Package kv is the contract between the state of Linkspan and the place that
// keeps it: an ordered map from slash separated keys to small values, with one
// store-wide revision, transactions guarded by conditions, and watches.
//
// A back end implements [Store]; leases ([Leaser]) and compaction
// ([Compacter]) are separate, optional interfaces. The contract asks for no
// more than etcd, Consul, ZooKeeper, a file and a map in memory can all give,
// and package kvtest proves each of them against it.
//
// What it is not: it knows no record of Linkspan (package store turns words
// into values), it is no cache, and it keeps no history for readers; only a
// watch may look back, and only until the history is compacted.
//
// # Keys
//
// A key is 1 to [MaxKey] bytes of valid UTF-8 without control characters,
// made of segments separated by single slashes; no segment is empty, "." or
// "..". A prefix is empty (everything) or a key followed by a slash: "a/"
// covers "a/b" and "a/b/c", and neither "a" nor "ab".
//
// # Revisions
//
// Every transaction that changes something moves the revision of the store to
// a higher one; the entries it wrote carry that revision. Revisions are
// unsigned, start above zero, may leave gaps, and are never taken back. They
// can fence: a holder of a higher revision came later.
//
// # Errors
//
// Errors that a caller can act on are of type [Error]; test them with
// errors.Is against [ErrNotFound], [ErrConflict] and the others. A cancelled
// or expired context comes back as an error that wraps the context's own.
//
// # Example
//
// Claim an address for one endpoint, and never for two:
//
//	_, err := store.Txn(ctx, kv.Txn{
//		If:   []kv.Cond{kv.Absent("address/web/10.7.0.5")},
//		Then: []kv.Op{kv.Put("address/web/10.7.0.5", []byte(endpoint))},
//	})
//	if errors.Is(err, kv.ErrConflict) {
//		// somebody else has it
//	}
//
// Follow everything under a prefix, through compactions and outages:
//
//	err := kv.Follow(ctx, store, "network/", replaceAll, applyChanges)
package kv
