// SPDX-License-Identifier: Apache-2.0

// Package history is the recent past of a store within one process, and the
// watches that read it. The back ends that live in the process (kv/memory and
// kv/bbolt) append every change; any number of watches follow at their own
// pace, each with a cursor, so that none can hold up a writer or another.
//
// It is not durable and knows nothing of entries; only of what changed.
//
//	log := history.New(revision)
//	log.Append(revision+1, events)
//	for batch, err := range log.Watch(ctx, "network/", revision) {
//		...
//	}
package history
