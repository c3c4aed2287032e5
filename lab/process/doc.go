// SPDX-License-Identifier: Apache-2.0

// Package process names a process in a way that outlives the reuse of process
// numbers, and ends it for certain. It is not a supervisor: it starts nothing.
//
// A number alone may belong to somebody else tomorrow; number, start time and
// boot together never do. So a lab can write down whom it started and, after
// any crash, end exactly those.
//
//	id, err := process.Find(pid)
//	...
//	err = id.End(ctx) // killed, gone, and reaped if it was our child
package process
