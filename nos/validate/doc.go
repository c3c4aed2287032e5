// SPDX-License-Identifier: Apache-2.0

// Package validate finds what is wrong in a configuration whose single values
// are right: what is required and missing, what excludes what, references to what
// is not there, values that may be there only once, numbers of entries, and what
// only a check in Go can say. Of a change it looks at what the change touches
// and at what depends on that, which is shown to find as much as looking at all.
//
// It is pure: it does not ask the host whether it can do what is configured.
//
//	v, err := validate.New(s)
//	err = v.Change(running, candidate) // tree.Problems, or nil
//
// # Where a check is added
//
// A function and a line in the table of checks.go, and its name in the field
// checks of a node in the schema.
package validate
