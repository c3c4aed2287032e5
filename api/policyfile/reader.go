// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// reader reads one document, and goes on after a mistake, so that all of them
// are told at once. A nil node is a field that was left out: it has been said
// already where that is a mistake.
type reader struct {
	file     string
	at       map[string]Position
	problems Problems
}

func (r *reader) mark(path string, n *yaml.Node) { r.at[path] = Position{n.Line, n.Column} }

func (r *reader) fail(n *yaml.Node, message, want string) {
	r.problems = append(r.problems, Problem{r.file, Position{n.Line, n.Column}, message, want})
}

// plain refuses what YAML has beyond values: anchors, aliases and tags.
func (r *reader) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.fail(n, "anchors and aliases have no meaning here", "the value itself")
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.fail(n, "tag "+strconv.Quote(n.Tag)+" has no meaning here", "the value without it")
		return false
	}
	return true
}

// mapping reads the fields of a mapping; without known ones, any. Their places
// are noted below path, if there is one or known ones are at the top.
func (r *reader) mapping(n *yaml.Node, path string, known ...string) (fields map[string]*yaml.Node, ok bool) {
	if n == nil || !r.plain(n) {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "this is "+what(n), mappingOf(known))
		return nil, false
	}
	fields = make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, isText := r.scalar(key, "!!str", "the name of a field")
		_, twice := fields[name]
		switch {
		case !isText:
		case twice:
			r.fail(key, fmt.Sprintf("%s is said twice", name), "")
		case len(known) > 0 && !slices.Contains(known, name):
			r.fail(key, fmt.Sprintf("field %q is not known", name), "one of "+strings.Join(known, ", "))
		default:
			fields[name] = value
			if len(known) > 0 {
				r.mark(strings.TrimPrefix(path+"."+name, "."), value)
			}
		}
	}
	return fields, true
}

func mappingOf(known []string) string {
	if len(known) == 0 {
		return "key: value"
	}
	return "fields: " + strings.Join(known, ", ")
}

// need returns a field that must be there.
func (r *reader) need(in *yaml.Node, fields map[string]*yaml.Node, name, want string) *yaml.Node {
	n := fields[name]
	if n == nil {
		r.fail(in, name+" is missing", name+": "+want)
	}
	return n
}

// list reads a list; one that was left out is empty.
func (r *reader) list(n *yaml.Node) []*yaml.Node {
	if n == nil || !r.plain(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "this is "+what(n), "a list, as in [...]")
		return nil
	}
	return n.Content
}

// scalar reads a value of a type.
func (r *reader) scalar(n *yaml.Node, tag, want string) (string, bool) {
	if n == nil || !r.plain(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != tag {
		r.fail(n, "this is "+what(n), want)
		return "", false
	}
	return n.Value, true
}

// text reads a text that is not empty.
func (r *reader) text(n *yaml.Node) string {
	text, ok := r.scalar(n, "!!str", "a text, in quotes if it looks like something else")
	if ok && text == "" {
		r.fail(n, "the text is empty", "one that is not, or leave the field out")
	}
	return text
}

// constant reads a text that can be one thing only.
func (r *reader) constant(n *yaml.Node, value string) {
	if text, ok := r.scalar(n, "!!str", value); ok && text != value {
		r.fail(n, fmt.Sprintf("%q is not known", text), value)
	}
}

// priority reads a whole number in range; one that was left out is 0.
func (r *reader) priority(n *yaml.Node) uint16 {
	want := fmt.Sprintf("a whole number from 0 to %d", linkspan.MaxPriority)
	text, ok := r.scalar(n, "!!int", want)
	if !ok {
		return 0
	}
	p, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		r.fail(n, fmt.Sprintf("priority %s is not one", text), want)
	}
	return uint16(p)
}

// boolean reads true or false; one that was left out is false.
func (r *reader) boolean(n *yaml.Node) bool {
	text, ok := r.scalar(n, "!!bool", "true or false")
	return ok && strings.EqualFold(text, "true")
}

// what says of which type a node is.
func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping of fields"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	}
	return "a text"
}
