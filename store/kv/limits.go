// SPDX-License-Identifier: Apache-2.0

package kv

// The limits of a store, the same in every back end.
const (
	// MaxKey is the greatest length of a key, in bytes.
	MaxKey = 512
	// MaxValue is the greatest length of a value, in bytes: 1 MiB.
	MaxValue = 1 << 20
	// MaxTxn is the greatest number of conditions and operations together
	// in one transaction.
	MaxTxn = 64
	// MaxTxnBytes is the greatest sum of the lengths of all keys and values
	// of one transaction, in bytes.
	MaxTxnBytes = MaxValue + 64<<10
)
