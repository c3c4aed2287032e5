// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFile is the greatest size of one file of a schema, in bytes.
const MaxFile = 1 << 20

// maxDepth is how deep nodes may be nested.
const maxDepth = 16

// reader collects nodes and problems from files.
type reader struct {
	root     *Node
	file     string
	problems Problems
	links    []link // what is resolved when all nodes are there
}

func (r *reader) fail(line int, format string, values ...any) {
	r.problems = append(r.problems, Problem{r.file, line, fmt.Sprintf(format, values...)})
}

// source reads one file into its place.
func (r *reader) source(s Source) {
	r.file = s.Name
	if len(s.Text) > MaxFile {
		r.fail(1, "the file is longer than %d bytes", MaxFile)
		return
	}
	place := r.place(s.Place)
	if place == nil {
		return
	}
	document, err := document(s.Text)
	if err != nil {
		r.fail(1, "%v", err)
		return
	}
	fields := r.mapping(document, "nodes")
	if n, ok := fields["nodes"]; ok {
		r.nodes(place, n, 0)
	} else {
		r.fail(document.Line, "there are no nodes")
	}
}

// place finds the container that nodes are mounted in.
func (r *reader) place(path string) *Node {
	n := r.root
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if name == "" {
			continue
		}
		child, ok := n.Child(name)
		if !ok {
			r.fail(1, "there is no %s to mount it in: %s has no %q", path, n.Path(), name)
			return nil
		}
		n = child
	}
	if !n.Open {
		r.fail(1, "%s is not open for services", n.Path())
		return nil
	}
	return n
}

// document returns the one value in a YAML text.
func document(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var node, more yaml.Node
	if err := decoder.Decode(&node); err != nil {
		return nil, err
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document")
	}
	return node.Content[0], nil
}

// mapping returns the fields of a mapping, none twice and none unknown; of no
// names all are taken.
func (r *reader) mapping(n *yaml.Node, known ...string) map[string]*yaml.Node {
	fields := make(map[string]*yaml.Node)
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "a mapping is expected")
		return fields
	}
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i]
		if len(known) > 0 && !slices.Contains(known, name.Value) {
			r.fail(name.Line, "unknown field %q: expected one of %s", name.Value, strings.Join(known, ", "))
			continue
		}
		if fields[name.Value] != nil {
			r.fail(name.Line, "%q is there twice", name.Value)
			continue
		}
		fields[name.Value] = n.Content[i+1]
	}
	return fields
}

// nodes reads names to nodes into a parent.
func (r *reader) nodes(parent *Node, n *yaml.Node, depth int) {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "a mapping of names to nodes is expected")
		return
	}
	if depth > maxDepth {
		r.fail(n.Line, "nodes are nested deeper than %d", maxDepth)
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i]
		if other, ok := parent.Child(name.Value); ok {
			r.fail(name.Line, "%s is also at %s", other.Path(), other.Source)
			continue
		}
		if !validName(name.Value) {
			r.fail(name.Line, "name %q is not of small letters, digits and '-'", name.Value)
		}
		child := &Node{
			Name: name.Value, Parent: parent, Index: len(parent.Children),
			Source: fmt.Sprintf("%s:%d", r.file, name.Line), byName: map[string]*Node{},
		}
		parent.Children = append(parent.Children, child)
		parent.byName[name.Value] = child
		r.node(child, n.Content[i+1], depth)
	}
}

// validName says whether a name can be typed without quotes and is no value of
// another type by accident: it begins with a letter.
func validName(name string) bool {
	for i, c := range name {
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '-') {
			return false
		}
	}
	return name != "" && len(name) <= 40
}
