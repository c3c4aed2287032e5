// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"slices"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree/sorted"
)

// Edit is one change of a tree: words for [Tree.Delete] or [Tree.Set].
type Edit struct {
	Delete bool
	Words  []string
	Secret bool // the last word is a secret
}

// Secrets says whether secrets are shown.
type Secrets bool

// Whether secrets are shown.
const (
	Hide Secrets = false
	Show Secrets = true
)

// Command returns the edit as it is typed.
func (e Edit) Command(s Secrets) string {
	verb := "set "
	if e.Delete {
		verb = "delete "
	}
	words := e.Words
	if e.Secret && s == Hide {
		words = append(slices.Clone(words[:len(words)-1]), Hidden)
	}
	return verb + Join(words)
}

// Diff returns the edits that make new of old, in the order of the tree. It
// costs what differs.
func Diff(old, new *Tree) []Edit {
	var d differ
	if old.root != new.root {
		d.kids(old.root, new.Root().n, nil)
	}
	return d.edits
}

// Edits returns what sets all that is in the tree.
func (t *Tree) Edits() []Edit { return Diff(New(t.schema), t) }

// Apply makes the edits. The error is a *[Problem], of the first that does not apply.
func (t *Tree) Apply(edits []Edit) (*Tree, error) {
	for _, e := range edits {
		var err error
		if e.Delete {
			t, err = t.Delete(e.Words...)
		} else {
			t, err = t.Set(e.Words...)
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

type differ struct{ edits []Edit }

func (d *differ) delete(path []string) {
	d.edits = append(d.edits, Edit{Delete: true, Words: slices.Clone(path)})
}

func (d *differ) set(def *schema.Node, path []string, values ...string) {
	d.edits = append(d.edits, Edit{Words: slices.Concat(path, values), Secret: def.Secret()})
}

// node compares two nodes of one place, of which one may be nil.
func (d *differ) node(old, new *node, path []string) {
	switch {
	case old == new:
	case new == nil:
		d.delete(path)
	case new.def.Kind == schema.Leaf:
		if old == nil || old.values[0] != new.values[0] {
			d.set(new.def, path, new.values[0])
		}
	case new.def.Kind == schema.LeafList:
		d.values(old, new, path)
	case new.def.Kind == schema.List && new.key == nil:
		var before sorted.Map[*node]
		if old != nil {
			before = old.entries
		}
		sorted.Diff(before, new.entries, func(c sorted.Change[*node]) { d.entry(c.Old, c.New, path) })
	default:
		d.kids(old, new, path)
	}
}

func (d *differ) entry(old, new *node, path []string) {
	if new == nil {
		d.delete(slices.Concat(path, old.key))
		return
	}
	path = slices.Concat(path, new.key)
	if old == nil && len(new.kids) == 0 {
		d.set(new.def, path)
		return
	}
	d.kids(old, new, path)
}

// kids compares the children of two containers or entries, old may be nil.
func (d *differ) kids(old, new *node, path []string) {
	pairs(old, new, func(a, b *node, def *schema.Node) {
		d.node(a, b, append(path[:len(path):len(path)], def.Name))
	})
}

// pairs calls visit for each child that one of two nodes has, in the schema's order.
func pairs(old, new *node, visit func(a, b *node, def *schema.Node)) {
	var before []*node
	if old != nil {
		before = old.kids
	}
	for _, b := range new.kids {
		for len(before) > 0 && before[0].def.Index < b.def.Index {
			visit(before[0], nil, before[0].def)
			before = before[1:]
		}
		if len(before) > 0 && before[0].def == b.def {
			visit(before[0], b, b.def)
			before = before[1:]
			continue
		}
		visit(nil, b, b.def)
	}
	for _, a := range before {
		visit(a, nil, a.def)
	}
}

// values compares two leaf-lists. Of one whose order means something, and where
// it is another one, all goes and comes again.
func (d *differ) values(old, new *node, path []string) {
	gone, come, again := valuesDiffer(old, new)
	if again {
		d.delete(path)
	}
	if !again {
		for _, v := range gone {
			d.delete(append(path[:len(path):len(path)], v))
		}
	}
	for _, v := range come {
		d.set(new.def, path, v)
	}
}

// valuesDiffer returns what values go and come; again says that all of them do,
// as the order is another one.
func valuesDiffer(old, new *node) (gone, come []string, again bool) {
	if old == nil {
		return nil, new.values, false
	}
	has := func(values []string) map[string]bool {
		m := make(map[string]bool, len(values))
		for _, v := range values {
			m[v] = true
		}
		return m
	}
	was, is := has(old.values), has(new.values)
	var stay []string
	for _, v := range old.values {
		if is[v] {
			stay = append(stay, v)
		} else {
			gone = append(gone, v)
		}
	}
	if new.def.Ordered && !slices.Equal(new.values[:len(stay)], stay) {
		return old.values, new.values, true
	}
	for _, v := range new.values {
		if !was[v] {
			come = append(come, v)
		}
	}
	return gone, come, false
}
