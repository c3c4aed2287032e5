// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strings"
)

// Place is where a path of words has come to in the schema. Words are names of
// nodes, of a list's entry its keys, and of leaves values. The zero value is of no use:
// begin with [Schema.Start].
type Place struct {
	Node  *Node
	Keys  int  // of a list: how many keys were given
	Value bool // of a leaf or leaf-list: a value was given
}

// Start returns the place of the empty path.
func (s *Schema) Start() Place { return Place{Node: s.Root} }

// Wants is what kind of word comes next.
type Wants uint8

// What comes next.
const (
	WantsName  Wants = iota + 1 // the name of a child
	WantsKey                    // a key of the list
	WantsValue                  // a value of the leaf
	WantsEnd                    // nothing
)

// Wants returns what kind of word comes next. A leaf-list takes one value after the other.
func (p Place) Wants() Wants {
	switch {
	case p.Node.Kind == List && p.Keys < len(p.Node.Keys):
		return WantsKey
	case p.Node.Kind == Container || p.Node.Kind == List:
		return WantsName
	case p.Value && p.Node.Kind == Leaf:
		return WantsEnd
	}
	return WantsValue
}

// Entry says that the place is one entry of a list.
func (p Place) Entry() bool { return p.Node.Kind == List && p.Keys == len(p.Node.Keys) }

// Type returns the type of the key or value that comes next, nil if none does.
func (p Place) Type() *Type {
	switch p.Wants() {
	case WantsKey:
		return p.Node.Keys[p.Keys].Type
	case WantsValue:
		return p.Node.Type
	}
	return nil
}

// Step goes on by a word and returns the word in its canonical form. The error
// is a *[Mismatch].
func (p Place) Step(word string) (Place, string, error) {
	switch p.Wants() {
	case WantsKey:
		canonical, err := p.Node.Keys[p.Keys].Type.Parse(word)
		return Place{Node: p.Node, Keys: p.Keys + 1}, canonical, err
	case WantsValue:
		canonical, err := p.Node.Type.Parse(word)
		return Place{Node: p.Node, Value: true}, canonical, err
	case WantsEnd:
		return p, word, &Mismatch{word, "nothing after the value"}
	}
	child, ok := p.Node.Child(word)
	if !ok {
		return p, word, &Mismatch{word, p.Expected()}
	}
	return Place{Node: child}, word, nil
}

// Expected says what word comes next.
func (p Place) Expected() string {
	if t := p.Type(); t != nil {
		return t.Expected()
	}
	if p.Wants() == WantsEnd || len(p.Node.Children) == 0 {
		return "nothing more"
	}
	return "one of " + strings.Join(slices.Sorted(slices.Values(p.Node.Names())), ", ")
}
