// SPDX-License-Identifier: Apache-2.0

package bridge

import "github.com/linkspan/linkspan/nos/tree"

// Name is the bridge's name.
const Name = "br-switch"

// Interface returns the name of the interface that routes in a VLAN: a device of
// the kernel, and a port of the bridge.
func Interface(vlan string) string { return "vlan" + vlan }

// Needed says whether a configuration has a bridge: where there are neither ports
// nor VLANs there is none, and Open vSwitch need not be there.
func Needed(t *tree.Tree) bool {
	root := t.Root()
	return root.Child("ports").Len() > 0 || root.Child("vlans").Len() > 0
}

// scope is the part of the bridge that a change is about.
type scope struct {
	all   bool
	ports map[string]bool // rows of Port by name, else
}

// few is up to how many ports are looked at one by one.
const few = 100

func (s scope) none() bool { return !s.all && len(s.ports) == 0 }

// touched returns what differs between two configurations; old may be nil.
func touched(old, new *tree.Tree) scope {
	s := scope{ports: map[string]bool{}}
	if old == nil || Needed(old) != Needed(new) {
		return scope{all: true}
	}
	tree.DiffChildren(old.Root(), new.Root(), func(a, b tree.Node) { s.child(a, b) })
	if s.all = s.all || len(s.ports) > few; s.all && !Needed(new) {
		return scope{} // there is no bridge, and there was none
	}
	return s
}

func (s *scope) child(a, b tree.Node) {
	switch there(a, b).Def().Name {
	case "ports":
		tree.DiffChildren(a, b, func(a, b tree.Node) { s.ports[there(a, b).Key()[0]] = true })
	case "vlans":
		tree.DiffChildren(a, b, func(a, b tree.Node) {
			if !a.Child("interface").Same(b.Child("interface")) {
				s.ports[Interface(there(a, b).Key()[0])] = true
			}
		})
	case "switching", "spanning-tree", "mirrors", "qos", "flow-export":
		s.all = true
	}
}

// there returns the one of two nodes that is there.
func there(a, b tree.Node) tree.Node {
	if a.There() {
		return a
	}
	return b
}
