// SPDX-License-Identifier: Apache-2.0

package kv

// Txn is a transaction: operations that happen together, provided that all
// conditions hold at that moment.
type Txn struct {
	// If has the conditions; with none, the operations always happen.
	If []Cond
	// Then has the operations, each key at most once; with none, the
	// transaction only checks.
	Then []Op
}

// CondKind says what a condition asks.
type CondKind uint8

// The kinds of conditions. The zero value is none of them.
const (
	// CondAbsent asks that the key does not exist.
	CondAbsent CondKind = iota + 1
	// CondPresent asks that the key exists.
	CondPresent
	// CondRevision asks that the key exists and was last written at a
	// given revision.
	CondRevision
)

// Cond is one condition on one key; make it with [Absent], [Present] or
// [RevisionIs].
type Cond struct {
	Kind     CondKind
	Key      string
	Revision uint64 // of CondRevision only
}

// Absent asks that the key does not exist.
func Absent(key string) Cond { return Cond{Kind: CondAbsent, Key: key} }

// Present asks that the key exists.
func Present(key string) Cond { return Cond{Kind: CondPresent, Key: key} }

// RevisionIs asks that the key exists and was last written at the revision,
// which is [Entry].Revision of the entry a caller based its decision on.
func RevisionIs(key string, revision uint64) Cond {
	return Cond{Kind: CondRevision, Key: key, Revision: revision}
}

// Holds tells whether the condition is true of an entry, of which found says
// whether it exists.
func (c Cond) Holds(entry Entry, found bool) bool {
	switch c.Kind {
	case CondAbsent:
		return !found
	case CondPresent:
		return found
	case CondRevision:
		return found && entry.Revision == c.Revision
	default:
		return false
	}
}

// OpKind says what an operation does.
type OpKind uint8

// The kinds of operations. The zero value is none of them.
const (
	// OpPut writes a key.
	OpPut OpKind = iota + 1
	// OpDelete removes a key.
	OpDelete
)

// Op is one operation on one key; make it with [Put], [PutLeased] or [Delete].
type Op struct {
	Kind  OpKind
	Key   string
	Value []byte  // of OpPut only
	Lease LeaseID // of OpPut only; empty: the entry stays until deleted
}

// Put writes a value, whether or not the key exists. The entry outlives any
// lease that an earlier write gave it.
func Put(key string, value []byte) Op { return Op{Kind: OpPut, Key: key, Value: value} }

// PutLeased writes a value that is deleted when the lease ends. The
// transaction fails with [ErrNotFound] when the lease has ended already, and
// with [ErrInvalid] when the store is no [Leaser].
func PutLeased(key string, value []byte, lease LeaseID) Op {
	return Op{Kind: OpPut, Key: key, Value: value, Lease: lease}
}

// Delete removes a key. Deleting a key that does not exist changes nothing.
func Delete(key string) Op { return Op{Kind: OpDelete, Key: key} }
