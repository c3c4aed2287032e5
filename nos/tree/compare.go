// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree/sorted"
)

// Compare returns the lines of the YAML form that differ, those that go marked with
// "-" and those that come with "+", each below the lines that say where it is. It
// costs what differs, and is empty if nothing does.
func Compare(old, new *Tree, s Secrets) string {
	c := comparer{mark: " "}
	c.p = printer{secrets: s, line: func(depth int, text string) {
		c.b.WriteString(c.mark + " " + strings.Repeat("  ", depth) + text + "\n")
	}}
	if old.root != new.root {
		c.kids(old.root, new.Root().n, 0)
	}
	return c.b.String()
}

type comparer struct {
	b    strings.Builder
	mark string
	p    printer
}

// as writes lines with a mark.
func (c *comparer) as(mark string, write func()) {
	c.mark = mark
	write()
	c.mark = " "
}

func (c *comparer) kids(old, new *node, depth int) {
	pairs(old, new, func(a, b *node, def *schema.Node) {
		if a != b && !alike(a, b) {
			c.node(a, b, def, depth)
		}
	})
}

// alike says that two nodes have the same content, though they were made apart.
func alike(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	var d differ
	d.node(a, b, nil)
	return len(d.edits) == 0
}

func (c *comparer) node(a, b *node, def *schema.Node, depth int) {
	switch {
	case a == nil:
		c.as("+", func() { c.p.node(b, depth) })
	case b == nil:
		c.as("-", func() { c.p.node(a, depth) })
	case def.Kind == schema.Leaf:
		c.as("-", func() { c.p.node(a, depth) })
		c.as("+", func() { c.p.node(b, depth) })
	case def.Kind == schema.LeafList:
		c.p.line(depth, def.Name+":")
		gone, come, _ := valuesDiffer(a, b)
		c.as("-", func() { c.p.below(&node{def: def, values: gone}, depth+1) })
		c.as("+", func() { c.p.below(&node{def: def, values: come}, depth+1) })
	case def.Kind == schema.List:
		c.p.line(depth, def.Name+":")
		c.entries(a, b, depth+1)
	default:
		c.p.line(depth, def.Name+":")
		c.kids(a, b, depth+1)
	}
}

func (c *comparer) entries(a, b *node, depth int) {
	var last []string
	sorted.Diff(a.entries, b.entries, func(e sorted.Change[*node]) {
		if e.Was && e.Is && alike(e.Old, e.New) {
			return
		}
		one := e.New
		if one == nil {
			one = e.Old
		}
		c.p.head(last, one.key, depth)
		last = one.key
		switch {
		case !e.Was:
			c.as("+", func() { c.p.entry(e.New, depth) })
		case !e.Is:
			c.as("-", func() { c.p.entry(e.Old, depth) })
		default:
			at := depth + len(one.key) - 1
			c.p.line(at, yamlKey(one.key[len(one.key)-1])+":")
			c.kids(e.Old, e.New, at+1)
		}
	})
}

// Overlap returns a path that both sets of edits touch in ways that are not the same:
// one goes on below what the other deletes, or both set one leaf to different
// values; nil if there is none. The last word of a path that is a secret's is left out.
func Overlap(s *schema.Schema, a, b []Edit) []string {
	mine := make(map[string]Edit, len(a)) // by what is touched
	above := make(map[string]bool)        // all that is above it
	for _, e := range a {
		path := touched(s, e)
		mine[entryName(path)] = e
		for i := range path {
			above[entryName(path[:i])] = true
		}
	}
	for _, e := range b {
		path := touched(s, e)
		if other, ok := mine[entryName(path)]; ok && (other.Delete != e.Delete || !slices.Equal(other.Words, e.Words)) {
			return path
		}
		if e.Delete && above[entryName(path)] {
			return path
		}
		for i := range path {
			if other, ok := mine[entryName(path[:i])]; ok && other.Delete {
				return path
			}
		}
	}
	return nil
}

// touched returns the path of what an edit changes: a leaf without its value, a
// value of a leaf-list with it.
func touched(s *schema.Schema, e Edit) []string {
	place := s.Start()
	for _, word := range e.Words {
		next, _, err := place.Step(word)
		if err != nil {
			return e.Words
		}
		place = next
	}
	if place.Value && (place.Node.Kind == schema.Leaf || place.Node.Ordered) {
		return e.Words[:len(e.Words)-1]
	}
	return e.Words
}
