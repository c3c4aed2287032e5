// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"slices"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// walker goes over what differs between two trees.
type walker struct {
	v            *Validator
	root, before tree.Node
	changed      map[*schema.Node]bool // leaves that changed, lists with entries that came or went
	lost         map[*schema.Node]bool // lists with entries that went
	lists        []place               // lists in which values of leaves must be unique
	problems     tree.Problems
	seen         map[string]bool // problems that were told
}

// place is a node and its path.
type place struct {
	node tree.Node
	path []string
}

func (w *walker) full() bool { return len(w.problems) >= w.v.most }

func (w *walker) fail(path []string, expected, format string, values ...any) {
	p := &tree.Problem{Path: slices.Clone(path), Word: len(path) - 1, Message: fmt.Sprintf(format, values...), Expected: expected}
	if text := p.Error(); !w.full() && !w.seen[text] {
		w.seen[text] = true
		w.problems = append(w.problems, p)
	}
}

// node looks at a node that differs.
func (w *walker) node(old, new tree.Node, path []string) {
	one := new
	if !new.There() {
		one = old
	}
	def := one.Def()
	list := def.Kind == schema.List && one.Key() == nil
	if old.There() != new.There() {
		w.changed[def] = true
	}
	switch {
	case list:
		w.number(new, path)
		if hasUnique(def) && new.There() {
			w.lists = append(w.lists, place{new, path})
		}
	case def.Type != nil:
		w.changed[def] = true
		w.number(new, path)
		w.refer(new, path)
	case new.There():
		w.instance(new, path)
	}
	tree.DiffChildren(old, new, func(a, b tree.Node) {
		if list {
			w.entry(def, a, b, path)
			return
		}
		child := b
		if !b.There() {
			child = a
		}
		w.node(a, b, append(path[:len(path):len(path)], child.Def().Name))
	})
}

// entry looks at an entry of a list that came, went or changed.
func (w *walker) entry(def *schema.Node, a, b tree.Node, path []string) {
	key := b.Key()
	if !b.There() {
		key = a.Key()
		w.lost[def] = true
	}
	if !a.There() || !b.There() {
		w.changed[def] = true
	}
	path = slices.Concat(path, key)
	for i, k := range def.Keys {
		if k.Type.To != nil && b.There() {
			w.exists(k.Type.To, key[i], path)
		}
	}
	w.node(a, b, path)
}

// instance looks at a container or entry: at what it must have, and at the
// conditions below it that look no higher.
func (w *walker) instance(n tree.Node, path []string) {
	for _, c := range n.Def().Children {
		if c.Required && !n.Child(c.Name).There() {
			w.fail(append(path[:len(path):len(path)], c.Name), expected(c), "it is required")
		}
	}
	for _, r := range w.v.below[n.Def()] {
		r.each(n, path, func(at tree.Node, path []string) { w.judge(r, n, at, path) })
	}
}

// each calls visit for the nodes of the source below n.
func (s source) each(n tree.Node, path []string, visit func(tree.Node, []string)) {
	if !n.There() {
		return
	}
	if len(s.down) == 0 {
		visit(n, path)
		return
	}
	def := s.down[0]
	n = n.Child(def.Name)
	path = append(path[:len(path):len(path)], def.Name)
	s.down = s.down[1:]
	if def.Kind != schema.List || len(s.down) == 0 && s.key < 0 {
		s.each(n, path, visit)
		return
	}
	for e := range n.Entries() {
		s.each(e, slices.Concat(path, e.Key()), visit)
	}
}

// judge looks at one condition of one node; base is what its path goes down from.
func (w *walker) judge(r rule, base, at tree.Node, path []string) {
	if !at.There() || holds(r.condition, base) != r.excludes {
		return
	}
	if r.excludes {
		w.fail(path, "", "it cannot be together with %s", r.condition)
		return
	}
	w.fail(path, "", "it is only possible with %s", r.condition)
}

// holds says whether a condition holds, seen from where its names go down.
func holds(c *schema.Condition, base tree.Node) bool {
	for _, name := range c.Names {
		base = base.Child(name)
	}
	return c.Holds(base.Value(), base.There())
}

// absolute looks at conditions that look down from the root: of the nodes that
// changed, and of all where what they look at is no longer as it was.
func (w *walker) absolute() {
	for _, r := range w.v.absolute {
		if !w.changed[r.def()] && holds(r.condition, w.root) == holds(r.condition, w.before) {
			continue
		}
		r.each(w.root, nil, func(at tree.Node, path []string) { w.judge(r, w.root, at, path) })
	}
}

// number looks at the number of a list's entries or a leaf-list's values.
func (w *walker) number(n tree.Node, path []string) {
	if !n.There() || n.Def().Kind == schema.Leaf {
		return
	}
	if def := n.Def(); n.Len() < def.Min {
		w.fail(path, fmt.Sprintf("at least %d", def.Min), "there are %d", n.Len())
	} else if def.Max > 0 && n.Len() > def.Max {
		w.fail(path, fmt.Sprintf("at most %d", def.Max), "there are %d", n.Len())
	}
}

// expected says what a child that is missing would be.
func expected(c *schema.Node) string {
	if c.Type != nil {
		return c.Type.Expected()
	}
	return ""
}
