// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"iter"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree/sorted"
)

// Node is a node of a tree as others read it. The zero value stands for one that
// is not there: it has no values and no children.
type Node struct{ n *node }

// There says that the node is in the tree.
func (n Node) There() bool { return n.n != nil }

// Same says that two nodes are one and the same, all below them included.
func (n Node) Same(other Node) bool { return n.n == other.n }

// Def returns the node's definition. The node must be there.
func (n Node) Def() *schema.Node { return n.n.def }

// Key returns the keys of a list's entry, nil of anything else. They belong to the tree.
func (n Node) Key() []string {
	if n.n == nil {
		return nil
	}
	return n.n.key
}

// Values returns the values of a leaf or leaf-list. They belong to the tree.
func (n Node) Values() []string {
	if n.n == nil {
		return nil
	}
	return n.n.values
}

// Value returns the value of a leaf, "" if it is not there.
func (n Node) Value() string {
	if n.n == nil || len(n.n.values) == 0 {
		return ""
	}
	return n.n.values[0]
}

// Child returns the child of a container or entry by name; not there if it has none.
func (n Node) Child(name string) Node {
	if n.n == nil {
		return Node{}
	}
	def, ok := n.n.def.Child(name)
	if !ok {
		return Node{}
	}
	return Node{n.n.child(def)}
}

// Get returns the value of a child that is a leaf; what holds by default if it is not there.
func (n Node) Get(name string) string {
	if c := n.Child(name); c.There() {
		return c.Value()
	}
	if n.n == nil {
		return ""
	}
	if def, ok := n.n.def.Child(name); ok {
		return def.Default
	}
	return ""
}

// Children yields the children of a container or entry in the schema's order.
func (n Node) Children() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.n == nil {
			return
		}
		for _, k := range n.n.kids {
			if !yield(Node{k}) {
				return
			}
		}
	}
}

// Entries yields the entries of a list in the order of their keys.
func (n Node) Entries() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.n == nil {
			return
		}
		for _, e := range n.n.entries.All() {
			if !yield(Node{e}) {
				return
			}
		}
	}
}

// Entry returns the entry of a list with these keys in canonical form.
func (n Node) Entry(key ...string) Node {
	if n.n == nil {
		return Node{}
	}
	e, _ := n.n.entries.Get(entryName(key))
	return Node{e}
}

// Len returns the number of a list's entries or a leaf-list's values.
func (n Node) Len() int {
	if n.n == nil {
		return 0
	}
	return n.n.entries.Len() + len(n.n.values)
}

// At returns the node at a path, not there if nothing is set; a value at the end of
// the path is part of it. The error is a *[Problem]: the schema has no such path.
func (t *Tree) At(path ...string) (Node, error) {
	words, _, err := t.resolve(path)
	if err != nil {
		return Node{}, err
	}
	n := t.Root()
	place := t.schema.Start()
	for len(words) > 0 && n.There() {
		used := 1
		switch place.Wants() {
		case schema.WantsName:
			n = n.Child(words[0])
		case schema.WantsKey:
			if used = len(place.Node.Keys); len(words) < used {
				return Node{}, missing(path, place)
			}
			n = n.Entry(words[:used]...)
		default:
			if n.n.indexOf(words[0]) < 0 {
				return Node{}, nil
			}
		}
		for _, word := range words[:used] {
			place, _, _ = place.Step(word) // they are known to be right
		}
		words = words[used:]
	}
	return n, nil
}

// DiffChildren calls visit for each child or entry that differs between two
// nodes of one definition, of which one may not be there: in the schema's order, or in
// that of the keys. It costs what differs. Nodes that were made apart count as
// different, whatever is in them.
func DiffChildren(old, new Node, visit func(old, new Node)) {
	a, b := old.n, new.n
	if a == b {
		return
	}
	def := old.n
	if def == nil {
		def = new.n
	}
	if a == nil {
		a = &node{def: def.def, key: def.key}
	}
	if b == nil {
		b = &node{def: def.def, key: def.key}
	}
	sorted.Diff(a.entries, b.entries, func(c sorted.Change[*node]) { visit(Node{c.Old}, Node{c.New}) })
	pairs(a, b, func(x, y *node, _ *schema.Node) {
		if x != y {
			visit(Node{x}, Node{y})
		}
	})
}

// Get returns the value of the leaf at a path; what holds by default if it, or what
// it is in, is not there. The error is a *[Problem]: the schema has no such leaf.
func (t *Tree) Get(path ...string) (string, error) {
	n, err := t.At(path...)
	if err != nil {
		return "", err
	}
	_, place, err := t.resolve(path)
	if err != nil || place.Node.Kind != schema.Leaf || place.Value {
		return "", missing(path, place)
	}
	if n.There() {
		return n.Value(), nil
	}
	return place.Node.Default, nil
}
