// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// link is what names other nodes, which may come later or from other files:
// the conditions of a node, or what a reference refers to.
type link struct {
	node               *Node
	file               string
	line               int
	requires, excludes []string

	reference   *Type
	to, example string
}

// link resolves all that names other nodes.
func (r *reader) link() {
	for i := range r.links { // references first: values in conditions may be of them
		if r.links[i].reference != nil {
			r.refer(&r.links[i])
		}
	}
	for i := range r.links {
		l := &r.links[i]
		r.file = l.file
		if l.node != nil {
			l.node.Requires = r.conditions(l, l.requires)
			l.node.Excludes = r.conditions(l, l.excludes)
		}
	}
}

func (r *reader) conditions(l *link, texts []string) []Condition {
	var all []Condition
	for _, text := range texts {
		c, err := l.node.resolve(text, r.root)
		if err != nil {
			r.fail(l.line, "%v", err)
			continue
		}
		all = append(all, c)
	}
	return all
}

// refer finds the list that a reference refers to.
func (r *reader) refer(l *link) {
	r.file = l.file
	n := r.root
	for name := range strings.SplitSeq(strings.TrimPrefix(l.to, "/"), "/") {
		child, ok := n.Child(name)
		if !ok {
			r.fail(l.line, "there is no list %s to refer to: %s has no %q", l.to, n.Path(), name)
			return
		}
		if n.Kind == List {
			r.fail(l.line, "a reference goes to a list that is in no other list")
			return
		}
		n = child
	}
	if n.Kind != List || len(n.Keys) != 1 || n.Keys[0].Type.Name == "reference" {
		r.fail(l.line, "a reference goes to a list with one key that is not a reference itself: %s is none", l.to)
		return
	}
	l.reference.To = n
	if _, err := l.reference.Parse(l.example); err != nil {
		r.fail(l.line, "the example: %v", err)
	}
}

// pattern reads the pattern of a text; it matches the whole.
func (r *reader) pattern(t *Type, at *yaml.Node) {
	if at == nil {
		return
	}
	p, err := regexp.Compile(`^(?:` + at.Value + `)$`)
	if err != nil || t.Name != "string" && t.Name != "secret" {
		r.fail(at.Line, "only a string or secret has a pattern, a regular expression (RE2)")
		return
	}
	t.Pattern = p
}

// choices reads the values of an enum with their help.
func (r *reader) choices(t *Type, at *yaml.Node) {
	if at == nil {
		return
	}
	if at.Kind != yaml.MappingNode {
		r.fail(at.Line, "choices are a mapping of values to their help")
		return
	}
	for i := 0; i < len(at.Content); i += 2 {
		c := Choice{at.Content[i].Value, r.text(at.Content[i+1])}
		if c.Help == "" || c.Value == "" {
			r.fail(at.Content[i].Line, "choice %q has no help", c.Value)
		}
		t.Choices = append(t.Choices, c)
	}
}
