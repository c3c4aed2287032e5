// SPDX-License-Identifier: Apache-2.0

// Package hamt is a persistent map: a hash array mapped trie. Putting or
// deleting costs a path of the trie, not a copy of the map; the map it was
// done to stays as it was, so that readers need no lock. It is not a
// general replacement for Go's map, which is faster where nobody shares it.
//
//	var m hamt.Map[ID, string]
//	n := m.Put(7, "seven") // m is still empty
package hamt
