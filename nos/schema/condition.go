// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Condition is what a node requires or excludes: that another node is there, or
// has one of some values. It is written as a path, "../mode" for a sibling or
// "/spanning-tree/enabled" from the root, and perhaps "=value" or "=one|other".
// A node without a value has its default where values are asked for.
type Condition struct {
	Text   string   // as written
	Target *Node    // the node that is looked at
	Up     int      // steps from the node toward the root, lists' entries counted once; -1: from the root
	Names  []string // then down, through containers only
	Values []string // one of them; nil: being there is enough
}

// resolve finds the target of a condition on n.
func (n *Node) resolve(text string, root *Node) (Condition, error) {
	path, values, valued := strings.Cut(text, "=")
	c := Condition{Text: text, Up: -1, Target: root}
	if rest, ok := strings.CutPrefix(path, "/"); ok {
		c.Names = strings.Split(rest, "/")
	} else {
		c.Names, c.Up, c.Target = strings.Split(path, "/"), 0, n
		for len(c.Names) > 0 && c.Names[0] == ".." && c.Target != nil {
			c.Names, c.Up, c.Target = c.Names[1:], c.Up+1, c.Target.Parent
		}
		if c.Up == 0 || c.Target == nil {
			return c, fmt.Errorf("path %q begins with / or ../ for what there is above", path)
		}
	}
	for i, name := range c.Names {
		next, ok := c.Target.Child(name)
		if !ok {
			return c, fmt.Errorf("path %q: %s has no %q", path, c.Target.Path(), name)
		}
		if next.Kind == List && i < len(c.Names)-1 {
			return c, fmt.Errorf("path %q goes through the list %s", path, next.Path())
		}
		c.Target = next
	}
	if valued {
		return c, c.setValues(strings.Split(values, "|"))
	}
	return c, nil
}

func (c *Condition) setValues(values []string) error {
	if c.Target.Kind != Leaf {
		return fmt.Errorf("path %q: only leaves have a value", c.Text)
	}
	for _, v := range values {
		canonical, err := c.Target.Type.Parse(v)
		if err != nil {
			return fmt.Errorf("path %q: %w", c.Text, err)
		}
		c.Values = append(c.Values, canonical)
	}
	return nil
}

// Holds says whether the condition holds of a target that has this value; there
// says whether it is in the configuration at all.
func (c *Condition) Holds(value string, there bool) bool {
	if c.Values == nil {
		return there
	}
	if !there {
		value = c.Target.Default
	}
	return slices.Contains(c.Values, value)
}

// String says the condition in words: the target's path, and its values.
func (c *Condition) String() string {
	words := strings.Join(c.Names, " ")
	if c.Values == nil {
		return words
	}
	return words + " " + strings.Join(c.Values, " or ")
}
