// SPDX-License-Identifier: Apache-2.0

package kv

// Entry is one key with its value.
type Entry struct {
	// Key is the full key, with its prefix.
	Key string
	// Value is never nil in an entry that exists; it may be empty.
	Value []byte
	// Revision is the revision of the transaction that last wrote the key,
	// or, in an event of kind [Deleted], of the one that removed it.
	Revision uint64
}
