// SPDX-License-Identifier: Apache-2.0

package access

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust"
)

// MayChange says whether the user may make new of old: every leaf that comes, goes or
// changes must be one that the user may change. The error is [tree.Problems] of code
// Permission. It costs what differs.
func (u User) MayChange(old, new *tree.Tree) error {
	if u.Role == trust.RoleAdmin && !u.Confined {
		return nil
	}
	c := changes{user: u}
	for _, e := range tree.Diff(old, new) {
		if e.Delete {
			c.gone(old, e.Words)
		} else {
			c.set(new.Schema(), e.Words)
		}
		if len(c.problems) >= tree.MaxProblems {
			break
		}
	}
	return c.problems.Err()
}

// changes looks at all that changes.
type changes struct {
	user     User
	problems tree.Problems
}

// set looks at what is set at a path.
func (c *changes) set(s *schema.Schema, words []string) {
	place := s.Start()
	for _, w := range words {
		place, _, _ = place.Step(w) // it is in a tree
	}
	c.node(place.Node, without(place, words))
}

// gone looks at all that goes with what is deleted at a path.
func (c *changes) gone(old *tree.Tree, words []string) {
	place := old.Schema().Start()
	for _, w := range words {
		place, _, _ = place.Step(w)
	}
	words = without(place, words)
	if n, err := old.At(words...); err == nil && n.There() {
		c.below(n, words)
	}
}

// without returns a path without the value at its end, which may be a secret.
func without(place schema.Place, words []string) []string {
	if place.Value {
		return words[:len(words)-1]
	}
	return words
}

func (c *changes) below(n tree.Node, words []string) {
	if len(c.problems) >= tree.MaxProblems {
		return
	}
	if n.Def().Type != nil || len(n.Key()) > 0 { // the entry itself goes too
		c.node(n.Def(), words)
	}
	for e := range n.Entries() {
		c.below(e, slices.Concat(words, e.Key()))
	}
	for child := range n.Children() {
		c.below(child, append(words[:len(words):len(words)], child.Def().Name))
	}
}

// node looks at a node that changes.
func (c *changes) node(def *schema.Node, words []string) {
	by := ChangedBy(def)
	switch {
	case !reaches(c.user.Role, by):
		c.refuse(words, named(c.user.Role)+" may not change this", named(by))
	case c.user.Confined && !slices.ContainsFunc(c.user.Parts, func(part []string) bool {
		return len(words) >= len(part) && slices.Equal(words[:len(part)], part)
	}):
		c.refuse(words, c.user.Name+" is confined to other parts", "")
	}
}

func (c *changes) refuse(path []string, message, expected string) {
	if len(c.problems) < tree.MaxProblems {
		c.problems = append(c.problems, &tree.Problem{Path: slices.Clone(path), Word: len(path), Message: message, Expected: expected, Code: linkspan.Permission})
	}
}

// ChangedBy returns the least role that may change a node: what the schema says of it, or
// of the nearest node above it; an operator where it says nothing.
func ChangedBy(def *schema.Node) trust.Role {
	for n := def; n != nil; n = n.Parent {
		if n.ChangedBy != "" {
			return trust.Role(n.ChangedBy)
		}
	}
	return trust.RoleOperator
}
