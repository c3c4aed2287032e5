// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree/sorted"
)

// MaxValues is the greatest number of values of one leaf-list.
const MaxValues = 4096

// Hidden stands for a secret where it is not shown. As a value it means the
// secret that is there.
const Hidden = "<hidden>"

// Set returns the tree with what the path names: a leaf's value replaces the one
// it had, a leaf-list's values come to those it has, and an entry of a list is
// made. The error is a *[Problem].
func (t *Tree) Set(path ...string) (*Tree, error) { return t.set(t, path) }

// set takes the secrets that are not said from another tree.
func (t *Tree) set(secrets *Tree, path []string) (*Tree, error) {
	words, place, err := t.resolveWith(secrets, path)
	if err != nil {
		return nil, err
	}
	if !place.Entry() && !place.Value {
		return nil, missing(words, place)
	}
	root, err := set(t.root, t.schema.Root, nil, words)
	if err != nil {
		return nil, &Problem{Path: shown(words, place), Word: len(words) - 1, Message: err.Error()}
	}
	return &Tree{t.schema, root}, nil
}

// resolve goes along a path and returns its words in canonical form.
func (t *Tree) resolve(path []string) ([]string, schema.Place, error) { return t.resolveWith(t, path) }

func (t *Tree) resolveWith(secrets *Tree, path []string) ([]string, schema.Place, error) {
	place := t.schema.Start()
	words := make([]string, len(path))
	for i, word := range path {
		if word == Hidden && place.Wants() == schema.WantsValue && place.Node.Secret() {
			there, _ := secrets.At(words[:i]...)
			if !there.There() {
				return nil, place, &Problem{Path: words[:i], Word: i, Message: "the secret is not said, and there is none yet"}
			}
			word = there.Value()
		}
		next, canonical, err := place.Step(word)
		if err != nil {
			return nil, place, wrong(words[:i], place, word, err)
		}
		place, words[i] = next, canonical
	}
	return words, place, nil
}

// wrong is the problem of a word that cannot come next.
func wrong(before []string, place schema.Place, word string, err error) *Problem {
	p := &Problem{Path: slices.Clone(before), Word: len(before), Message: err.Error()}
	if m := (*schema.Mismatch)(nil); errors.As(err, &m) {
		p.Expected = m.Expected
		p.Message = schema.Shorten(m.Value) + " is not valid"
		if place.Wants() == schema.WantsName {
			p.Message = "there is no " + schema.Shorten(word)
		}
		if place.Wants() == schema.WantsEnd {
			p.Message = "there is a word too many"
		}
	}
	return p
}

// shown returns a path without the secret at its end.
func shown(words []string, place schema.Place) []string {
	if place.Value && place.Node.Secret() {
		return words[:len(words)-1]
	}
	return words
}

// missing is the problem of a path that ends too early.
func missing(words []string, place schema.Place) *Problem {
	return &Problem{Path: slices.Clone(words), Word: len(words), Message: "something is missing", Expected: place.Expected()}
}

// set returns n, which may be nil, with what the words say; they are known to be right.
func set(n *node, def *schema.Node, key, words []string) (*node, error) {
	if n == nil {
		n = &node{def: def, key: key}
	}
	if def.Kind == schema.Leaf || def.Kind == schema.LeafList {
		return n.withValues(words)
	}
	if def.Kind == schema.List && key == nil {
		k := len(def.Keys)
		old, _ := n.entries.Get(entryName(words[:k]))
		key := slices.Clone(words[:k])
		entry, err := set(old, def, key, words[k:])
		if err != nil || entry == old {
			return n, err
		}
		return n.withEntry(key, entry), nil
	}
	if len(words) == 0 {
		return n, nil
	}
	child, _ := def.Child(words[0])
	old := n.child(child)
	kid, err := set(old, child, nil, words[1:])
	if err != nil || kid == old {
		return n, err
	}
	return n.withChild(child, kid), nil
}

// withValues returns a leaf with the last of the values, or a leaf-list with all
// of them as well.
func (n *node) withValues(add []string) (*node, error) {
	if n.def.Kind == schema.Leaf {
		if n.values != nil && n.values[0] == add[len(add)-1] {
			return n, nil
		}
		return &node{def: n.def, values: []string{add[len(add)-1]}}, nil
	}
	values := slices.Clip(n.values)
	for _, v := range add {
		if slices.Contains(values, v) {
			continue
		}
		if len(values) == MaxValues {
			return n, fmt.Errorf("there are %d values: no more can be held", MaxValues)
		}
		at := len(values)
		if !n.def.Ordered {
			at, _ = slices.BinarySearchFunc(values, v, sorted.Compare)
		}
		values = slices.Concat(values[:at], []string{v}, values[at:])
	}
	if len(values) == len(n.values) {
		return n, nil
	}
	return &node{def: n.def, values: values}, nil
}

// indexOf returns the place of a value, -1 if it is not there.
func (n *node) indexOf(value string) int { return slices.Index(n.values, value) }

// Delete returns the tree without what the path names, and all below it: a node,
// an entry of a list, or a value. The error is a *[Problem], of code NotFound
// when nothing is there.
func (t *Tree) Delete(path ...string) (*Tree, error) {
	words, place, err := t.resolve(path)
	if err != nil {
		return nil, err
	}
	if place.Keys > 0 && !place.Entry() {
		return nil, missing(words, place)
	}
	there, err := t.At(words...)
	if err != nil {
		return nil, err
	}
	if !there.There() {
		return nil, &Problem{Path: shown(words, place), Word: len(words) - 1, Message: "nothing is set here", Code: linkspan.NotFound}
	}
	return &Tree{t.schema, remove(t.root, nil, words)}, nil
}

// remove returns n without what the words name, nil if that is all of it.
func remove(n *node, key, words []string) *node {
	switch {
	case len(words) == 0:
		return nil
	case n.values != nil:
		values := slices.DeleteFunc(slices.Clone(n.values), func(v string) bool { return slices.Contains(words, v) })
		if len(values) == 0 {
			return nil
		}
		return &node{def: n.def, values: values}
	case n.def.Kind == schema.List && key == nil:
		k := len(n.def.Keys)
		entry, _ := n.entries.Get(entryName(words[:k]))
		return n.withEntry(words[:k], remove(entry, words[:k], words[k:]))
	}
	child, _ := n.def.Child(words[0])
	return n.withChild(child, remove(n.child(child), nil, words[1:]))
}
