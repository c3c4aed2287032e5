// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"fmt"
	"slices"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// Validator knows what depends on what in one schema. Any number of goroutines
// may use one.
type Validator struct {
	schema   *schema.Schema
	below    map[*schema.Node][]rule   // conditions that look no higher than an instance of the node
	absolute []rule                    // conditions that look down from the root
	refs     map[*schema.Node][]source // by list: what refers to its entries
	checks   []watched
	most     int // how many problems are told
}

// rule is a condition of nodes that are found by going down from another one.
type rule struct {
	source
	condition *schema.Condition
	excludes  bool
}

// source is where values or nodes are found: definitions on the way down, the node
// itself last.
type source struct {
	down []*schema.Node
	key  int // of a list: which key is meant; -1: values
}

func (s source) def() *schema.Node { return s.down[len(s.down)-1] }

// watched is a check with all that makes it run.
type watched struct {
	check
	on map[*schema.Node]bool
}

// New returns the validator of a schema. The error names a check that does not exist.
func New(s *schema.Schema) (*Validator, error) {
	v := &Validator{schema: s, below: map[*schema.Node][]rule{}, refs: map[*schema.Node][]source{}, most: tree.MaxProblems}
	var wrong error
	on := map[string]map[*schema.Node]bool{}
	s.Walk(func(n *schema.Node) {
		v.conditions(n, n.Requires, false)
		v.conditions(n, n.Excludes, true)
		v.references(n)
		for _, name := range n.Checks {
			if _, ok := find(name); !ok {
				wrong = fmt.Errorf("%s: %s: there is no check %q", n.Source, n.Path(), name)
				continue
			}
			if on[name] == nil {
				on[name] = map[*schema.Node]bool{}
			}
			on[name][n] = true
		}
	})
	for name, nodes := range on {
		c, _ := find(name)
		for _, path := range c.watches {
			n, err := s.Find(path...)
			if err != nil {
				return nil, fmt.Errorf("check %s: %w", name, err)
			}
			nodes[n] = true
		}
		v.checks = append(v.checks, watched{c, nodes})
	}
	slices.SortFunc(v.checks, func(a, b watched) int { return a.order - b.order })
	return v, wrong
}

func (v *Validator) conditions(n *schema.Node, conditions []schema.Condition, excludes bool) {
	for i := range conditions {
		c := &conditions[i]
		r := rule{source{from(v.schema.Root, n), -1}, c, excludes}
		if c.Up < 0 {
			v.absolute = append(v.absolute, r)
			continue
		}
		base := n
		for range c.Up {
			base = base.Parent
		}
		r.down = from(base, n)
		v.below[base] = append(v.below[base], r)
	}
}

func (v *Validator) references(n *schema.Node) {
	if n.Type != nil && n.Type.To != nil {
		v.refs[n.Type.To] = append(v.refs[n.Type.To], source{from(v.schema.Root, n), -1})
	}
	for i, k := range n.Keys {
		if k.Type.To != nil {
			v.refs[k.Type.To] = append(v.refs[k.Type.To], source{from(v.schema.Root, n), i})
		}
	}
}

// from returns the definitions on the way from a node down to another one.
func from(base, n *schema.Node) []*schema.Node {
	var down []*schema.Node
	for ; n != base; n = n.Parent {
		down = append(down, n)
	}
	slices.Reverse(down)
	return down
}

// All finds what is wrong in a whole configuration. The error is [tree.Problems].
func (v *Validator) All(t *tree.Tree) error { return v.Change(tree.New(v.schema), t) }

// Change finds what is wrong after a change of a configuration that was right.
// The error is [tree.Problems]. Both trees are of the validator's schema.
func (v *Validator) Change(old, new *tree.Tree) error {
	w := walker{
		v: v, root: new.Root(), before: old.Root(),
		changed: map[*schema.Node]bool{}, lost: map[*schema.Node]bool{}, seen: map[string]bool{},
	}
	w.node(w.before, w.root, nil)
	w.absolute()
	w.references()
	w.unique()
	w.checks()
	return w.problems.Err()
}
