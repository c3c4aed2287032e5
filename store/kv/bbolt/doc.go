// SPDX-License-Identifier: Apache-2.0

// Package bbolt keeps a [kv.Store] in one file, on go.etcd.io/bbolt: what a
// switch must know of itself after a crash or a reboot. Every transaction is
// synced to the disk before it returns; transactions that are under way at the
// same time share one sync.
//
// It belongs to one process, which locks the file, so it has no leases. The
// revision outlives the process; the history does not: a watch can begin at
// any revision since the store was opened, and gets [kv.ErrCompacted] for an
// older one. A read costs a logarithm and what it returns; a transaction costs
// a sync (0.2 to 10 ms, as the disk is) and the pages it touches. The file
// does not shrink; space is used again.
//
//	store, err := bbolt.Open("/var/lib/linkspan/switch.db")
//	if errors.Is(err, kv.ErrBusy) {
//		// another linkspan serves this switch
//	}
//	defer store.Close()
package bbolt
