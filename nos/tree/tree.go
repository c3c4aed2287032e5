// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree/sorted"
)

// Tree is a whole configuration. Any number of goroutines may use one.
type Tree struct {
	schema *schema.Schema
	root   *node // nil when nothing is set
}

// node is one node of a tree: immutable, and never empty but for entries of lists.
type node struct {
	def     *schema.Node
	key     []string          // of an entry of a list
	values  []string          // of a leaf one, of a leaf-list several: in order, or sorted if order means nothing
	kids    []*node           // of a container or entry, in the schema's order
	entries sorted.Map[*node] // of a list, by their keys
}

// New returns a configuration with nothing set.
func New(s *schema.Schema) *Tree { return &Tree{schema: s} }

// Schema returns the schema that gives the tree its form.
func (t *Tree) Schema() *schema.Schema { return t.schema }

// Root returns the root. Of an empty tree it is a node without children.
func (t *Tree) Root() Node {
	if t.root == nil {
		return Node{&node{def: t.schema.Root}}
	}
	return Node{t.root}
}

// Same says that two trees are one and the same, which costs nothing to see.
// Trees of the same content may have been made apart: see [Equal].
func Same(a, b *Tree) bool { return a.root == b.root && a.schema == b.schema }

// Equal says that two trees of one schema have the same content.
func Equal(a, b *Tree) bool { return len(Diff(a, b)) == 0 }

// child returns the child of a container or entry, nil if it has none.
func (n *node) child(def *schema.Node) *node {
	if n == nil {
		return nil
	}
	if i, ok := n.find(def); ok {
		return n.kids[i]
	}
	return nil
}

func (n *node) find(def *schema.Node) (int, bool) {
	return slices.BinarySearchFunc(n.kids, def.Index, func(k *node, index int) int { return k.def.Index - index })
}

// withChild returns a container or entry with another child in the place of the
// one that it has; a child that is nil goes. A container without children is nil.
func (n *node) withChild(def *schema.Node, child *node) *node {
	i, ok := n.find(def)
	var kids []*node
	switch {
	case child == nil && !ok:
		return n
	case child == nil:
		kids = slices.Concat(n.kids[:i], n.kids[i+1:])
	case ok:
		kids = slices.Clone(n.kids)
		kids[i] = child
	default:
		kids = slices.Concat(n.kids[:i], []*node{child}, n.kids[i:])
	}
	if len(kids) == 0 && n.key == nil {
		return nil
	}
	return &node{def: n.def, key: n.key, kids: kids}
}

// withEntry returns a list with another entry in the place of the one that it has.
func (n *node) withEntry(key []string, entry *node) *node {
	name := entryName(key)
	entries := n.entries
	if entry == nil {
		entries = entries.Delete(name)
	} else {
		entries = entries.Set(name, entry)
	}
	if entries.Len() == 0 {
		return nil
	}
	return &node{def: n.def, entries: entries}
}

// entryName is what an entry is kept under. No value has a zero byte.
func entryName(key []string) string { return strings.Join(key, "\x00") }
