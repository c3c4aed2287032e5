// SPDX-License-Identifier: Apache-2.0

package sorted

// Change is a key whose value differs between two maps.
type Change[V comparable] struct {
	Key      string
	Old, New V
	Was, Is  bool // whether the key is in the old, in the new map
}

// Diff calls visit for each key that differs, in order. It costs what differs,
// times the depth of the maps.
func Diff[V comparable](old, new Map[V], visit func(Change[V])) { diff(old.root, new.root, visit) }

func diff[V comparable](old, new *node[V], visit func(Change[V])) {
	switch {
	case old == new:
		return
	case old == nil:
		new.all(func(key string, value V) bool {
			visit(Change[V]{Key: key, New: value, Is: true})
			return true
		})
		return
	case new == nil:
		old.all(func(key string, value V) bool {
			visit(Change[V]{Key: key, Old: value, Was: true})
			return true
		})
		return
	}
	if old.key == new.key {
		diff(old.left, new.left, visit)
		if old.value != new.value {
			visit(Change[V]{new.key, old.value, new.value, true, true})
		}
		diff(old.right, new.right, visit)
		return
	}
	if above(old.priority, old.key, new) { // then new has no such key
		before, after := new.split(old.key)
		diff(old.left, before, visit)
		visit(Change[V]{Key: old.key, Old: old.value, Was: true})
		diff(old.right, after, visit)
		return
	}
	before, after := old.split(new.key)
	diff(before, new.left, visit)
	visit(Change[V]{Key: new.key, New: new.value, Is: true})
	diff(after, new.right, visit)
}
