// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed base/*.yaml
var base embed.FS

// Schema is the tree of all nodes. It is immutable: a change makes another one.
type Schema struct {
	Root    *Node
	sources []Source
}

// Source is one file of a schema.
type Source struct {
	Name  string // of the file, for problems
	Place string // path of the container that its nodes are mounted in; "/" is the root
	Text  []byte // YAML, as the package says
}

// Base returns the schema of a switch without services.
func Base() (*Schema, error) {
	names, err := fs.Glob(base, "base/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the base schema: %w", err)
	}
	sources := make([]Source, 0, len(names))
	for _, name := range names {
		text, err := base.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the base schema: %w", err)
		}
		sources = append(sources, Source{Name: path.Base(name), Place: "/", Text: text})
	}
	return Load(sources...)
}

// Load makes a schema of sources in their order; what is mounted comes after what it is
// mounted in. The error is [Problems], with all that is wrong.
func Load(sources ...Source) (*Schema, error) {
	s := &Schema{Root: &Node{Kind: Container, Help: "Configuration of the switch", Open: true, byName: map[string]*Node{}}}
	r := &reader{root: s.Root}
	for _, source := range sources {
		r.source(source)
	}
	r.link()
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	s.sources = sources
	return s, nil
}

// Mount returns a schema that has the source as well. Its place must be a
// container that is open, and none of its names may be taken. The error is
// [Problems].
func (s *Schema) Mount(source Source) (*Schema, error) {
	return Load(append(s.sources[:len(s.sources):len(s.sources)], source)...)
}

// Unmount returns the schema without the source of that name. The error is
// [Problems], when what stays refers to what goes.
func (s *Schema) Unmount(name string) (*Schema, error) {
	var stay []Source
	for _, source := range s.sources {
		if source.Name != name {
			stay = append(stay, source)
		}
	}
	return Load(stay...)
}

// Find returns the node at the names from the root, keys left out.
func (s *Schema) Find(names ...string) (*Node, error) {
	n := s.Root
	for _, name := range names {
		c, ok := n.Child(name)
		if !ok {
			return nil, fmt.Errorf("%s has no %q", n.Path(), name)
		}
		n = c
	}
	return n, nil
}

// Walk calls visit for every node below the root, parents first, in the schema's order.
func (s *Schema) Walk(visit func(*Node)) { walk(s.Root, visit) }

func walk(n *Node, visit func(*Node)) {
	for _, c := range n.Children {
		visit(c)
		walk(c, visit)
	}
}
