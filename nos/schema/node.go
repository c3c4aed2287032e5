// SPDX-License-Identifier: Apache-2.0

package schema

import "strings"

// Kind is what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Container Kind = iota + 1 // has children and is there when one of them is
	Leaf                      // has one value
	LeafList                  // has values, none twice
	List                      // has entries, each named by its keys
)

var kindNames = [...]string{"", "container", "leaf", "leaf-list", "list"}

// String returns the kind's name as the documentation has it.
func (k Kind) String() string { return kindNames[k] }

// Scope is where a value may be only once.
type Scope uint8

// The scopes. The zero value is no limit.
const (
	Anywhere Scope = iota // any number of times
	InList                // once among the entries of the list that it is in
	InTree                // once in the whole configuration
)

// Key names the entries of a list. A list has one key or several.
type Key struct {
	Name    string // as the documentation names it
	Help    string
	Example string // a valid value
	Type    *Type
}

// Node is one node of a schema. Nodes are immutable once the schema is made.
type Node struct {
	Name     string
	Kind     Kind
	Help     string // one sentence without a full stop
	Parent   *Node  // nil of the root
	Children []*Node
	Index    int    // place among its parent's children
	Source   string // file and line where it is defined

	// Of leaves and leaf-lists.
	Type    *Type
	Example string // a valid value
	Default string // what holds when nothing is set; "" for none
	Ordered bool   // a leaf-list whose order means something

	// Of lists.
	Keys []Key

	// Constraints.
	Required bool        // must be there when its parent is
	Unique   Scope       // of leaves and leaf-lists
	Min, Max int         // number of entries or values; Max 0 is no limit
	Requires []Condition // all must hold where this node is there
	Excludes []Condition // none may hold where this node is there
	Checks   []string    // names of checks in Go, which package validate has

	// ChangedBy is the least role that may change the node and what is below it; "" is
	// what holds of the node above. Whoever has another role is kept out by package access.
	ChangedBy string

	// Open says that services may mount nodes in this container.
	Open bool

	byName map[string]*Node
}

// Child returns the child of that name.
func (n *Node) Child(name string) (*Node, bool) {
	c, ok := n.byName[name]
	return c, ok
}

// Secret says that the node's values must not be shown.
func (n *Node) Secret() bool { return n.Type != nil && n.Type.Name == "secret" }

// Path returns the names from the root to the node, as /vlans/description. Keys
// of lists are not in it.
func (n *Node) Path() string {
	if n.Parent == nil {
		return "/"
	}
	var names []string
	for ; n.Parent != nil; n = n.Parent {
		names = append([]string{n.Name}, names...)
	}
	return "/" + strings.Join(names, "/")
}

// Names returns the names of the node's children in the schema's order.
func (n *Node) Names() []string {
	names := make([]string, len(n.Children))
	for i, c := range n.Children {
		names[i] = c.Name
	}
	return names
}
