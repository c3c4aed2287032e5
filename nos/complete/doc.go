// SPDX-License-Identifier: Apache-2.0

// Package complete knows what can be typed next in a line that changes or shows the
// configuration: completions with their help, what a question mark shows, words
// in full for unambiguous beginnings of them, and where in a line a mistake is. All of it
// is read from the schema, from what is configured, and from what the host has.
//
// It is pure, reads no keys and prints nothing; it does not carry out commands.
// What commands there are its user says in a table.
//
//	c := complete.Completer{Verbs: verbs, Tree: candidate, Live: host}
//	r := c.Complete("set vl")               // vlans: VLANs of the bridge
//	words, err := c.Resolve("se sy ho edge1") // set system hostname edge1
package complete
