// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// Reader reads one document, and goes on after a mistake, so that all of them
// are told at once. A nil node is a field that was left out: it has been said
// already where that is a mistake.
type Reader struct {
	Root *yaml.Node

	file     string
	at       map[string]Position // of each field that was read, by its path
	problems Problems
}

// File returns the name of the file.
func (r *Reader) File() string { return r.file }

// Right says that nothing was found wrong until now.
func (r *Reader) Right() bool { return len(r.problems) == 0 }

// Mark notes where the field of that path stands.
func (r *Reader) Mark(path string, n *yaml.Node) { r.at[path] = Position{n.Line, n.Column} }

// At returns where a field stands, named as in [linkspan.Problem]; of one that was left
// out, where that stands which it would be in.
func (r *Reader) At(path string) Position {
	for path != "" {
		if p, ok := r.at[path]; ok {
			return p
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return r.at[""]
}

// Place places a problem in the file.
func (r *Reader) Place(p linkspan.Problem) Problem {
	return Problem{File: r.file, Position: r.At(p.Path), Message: p.Message, Want: p.Want}
}

// Add adds problems of what was read.
func (r *Reader) Add(problems ...linkspan.Problem) {
	for _, p := range problems {
		r.problems = append(r.problems, r.Place(p))
	}
}

// Fail adds a problem of a node.
func (r *Reader) Fail(n *yaml.Node, message, want string) {
	r.problems = append(r.problems, Problem{r.file, Position{n.Line, n.Column}, message, want})
}

// plain refuses what YAML has beyond values: anchors, aliases and tags.
func (r *Reader) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.Fail(n, "anchors and aliases have no meaning here", "the value itself")
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.Fail(n, "tag "+strconv.Quote(n.Tag)+" has no meaning here", "the value without it")
		return false
	}
	return true
}

// Mapping reads the fields of a mapping; without known ones, any. Their places
// are noted below path, if there is one or known ones are at the top.
func (r *Reader) Mapping(n *yaml.Node, path string, known ...string) (fields map[string]*yaml.Node, ok bool) {
	if n == nil || !r.plain(n) {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		r.Fail(n, "this is "+what(n), mappingOf(known))
		return nil, false
	}
	fields = make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name, isText := r.Scalar(key, "!!str", "the name of a field")
		_, twice := fields[name]
		switch {
		case !isText:
		case twice:
			r.Fail(key, fmt.Sprintf("%s is said twice", name), "")
		case len(known) > 0 && !slices.Contains(known, name):
			r.Fail(key, fmt.Sprintf("field %q is not known", name), "one of "+strings.Join(known, ", "))
		default:
			fields[name] = value
			if len(known) > 0 {
				r.Mark(strings.TrimPrefix(path+"."+name, "."), value)
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

// Need returns a field that must be there.
func (r *Reader) Need(in *yaml.Node, fields map[string]*yaml.Node, name, want string) *yaml.Node {
	n := fields[name]
	if n == nil {
		r.Fail(in, name+" is missing", name+": "+want)
	}
	return n
}

// List reads a list; one that was left out is empty.
func (r *Reader) List(n *yaml.Node) []*yaml.Node {
	if n == nil || !r.plain(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.Fail(n, "this is "+what(n), "a list, as in [...]")
		return nil
	}
	return n.Content
}

// Scalar reads a value of a type.
func (r *Reader) Scalar(n *yaml.Node, tag, want string) (string, bool) {
	if n == nil || !r.plain(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != tag {
		r.Fail(n, "this is "+what(n), want)
		return "", false
	}
	return n.Value, true
}

// Text reads a text that is not empty.
func (r *Reader) Text(n *yaml.Node) string {
	text, ok := r.Scalar(n, "!!str", "a text, in quotes if it looks like something else")
	if ok && text == "" {
		r.Fail(n, "the text is empty", "one that is not, or leave the field out")
	}
	return text
}

// Constant reads a text that can be one thing only.
func (r *Reader) Constant(n *yaml.Node, value string) {
	if text, ok := r.Scalar(n, "!!str", value); ok && text != value {
		r.Fail(n, fmt.Sprintf("%q is not known", text), value)
	}
}

// Given reads a text that may be left out, but not be empty.
func (r *Reader) Given(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return r.Text(n)
}

// Texts reads a mapping of texts, which has at least one where it is there.
func (r *Reader) Texts(n *yaml.Node) map[string]string {
	if n == nil {
		return nil
	}
	fields, ok := r.Mapping(n, "")
	if !ok {
		return nil
	}
	if len(fields) == 0 {
		r.Fail(n, "there is nothing in it", "key: value")
	}
	texts := make(map[string]string, len(fields))
	for key, value := range fields {
		texts[key], _ = r.Scalar(value, "!!str", `a text, in quotes if it looks like something else, as in "80" or "true"`)
	}
	return texts
}

// Boolean reads true or false; one that was left out is false.
func (r *Reader) Boolean(n *yaml.Node) bool {
	text, ok := r.Scalar(n, "!!bool", "true or false")
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
