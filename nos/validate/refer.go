// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"slices"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// refer looks whether what a leaf refers to is there.
func (w *walker) refer(n tree.Node, path []string) {
	if !n.There() || n.Def().Type.To == nil {
		return
	}
	for _, v := range n.Values() {
		w.exists(n.Def().Type.To, v, path)
	}
}

func (w *walker) exists(to *schema.Node, value string, path []string) {
	n := w.root
	for _, def := range from(w.v.schema.Root, to) {
		n = n.Child(def.Name)
	}
	if !n.Entry(value).There() {
		w.fail(path, "name of an entry of "+to.Name, "%s %s is not configured", to.Name, tree.Quote(value))
	}
}

// references looks at all that refers to lists that lost entries.
func (w *walker) references() {
	for list := range w.lost {
		for _, s := range w.v.refs[list] {
			s.each(w.root, nil, func(n tree.Node, path []string) {
				if s.key >= 0 {
					w.exists(list, n.Key()[s.key], path)
					return
				}
				w.refer(n, path)
			})
		}
	}
}

// unique looks at the values that may be there only once, of leaves that changed.
func (w *walker) unique() {
	w.v.schema.Walk(func(def *schema.Node) {
		if def.Unique == schema.InTree && w.changed[def] {
			w.once(place{w.root, nil}, source{from(w.v.schema.Root, def), -1})
		}
	})
	for _, l := range w.lists {
		for _, def := range uniques(l.node.Def()) {
			if w.changed[def] {
				w.entriesOnce(l, def)
			}
		}
	}
}

// once tells of values that are there twice below a place.
func (w *walker) once(p place, s source) {
	first := map[string][]string{}
	s.each(p.node, p.path, func(n tree.Node, path []string) { w.single(first, n, path) })
}

func (w *walker) entriesOnce(l place, def *schema.Node) {
	first := map[string][]string{}
	s := source{from(l.node.Def(), def), -1}
	for e := range l.node.Entries() {
		s.each(e, slices.Concat(l.path, e.Key()), func(n tree.Node, path []string) { w.single(first, n, path) })
	}
}

func (w *walker) single(first map[string][]string, n tree.Node, path []string) {
	for _, v := range n.Values() {
		if other, ok := first[v]; ok {
			w.fail(path, "another value", "%s is also at %s", schema.Shorten(v), tree.Join(other))
			continue
		}
		first[v] = path
	}
}

// uniques returns the leaves below a list whose values are unique in it: those
// that are in no list between.
func uniques(list *schema.Node) []*schema.Node {
	var all []*schema.Node
	var look func(n *schema.Node)
	look = func(n *schema.Node) {
		for _, c := range n.Children {
			if c.Unique == schema.InList {
				all = append(all, c)
			}
			if c.Kind != schema.List {
				look(c)
			}
		}
	}
	look(list)
	return all
}

func hasUnique(list *schema.Node) bool { return len(uniques(list)) > 0 }
