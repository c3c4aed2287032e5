// SPDX-License-Identifier: Apache-2.0

package hamt

import "iter"

// Changed yields the keys that were put, also with what they had before, or
// deleted between two maps of which one was made from the other; each once, in
// no useful order. It costs the size of the difference, not that of the maps.
// Of maps without a common past it yields all keys.
func Changed[K Key, V any](from, to Map[K, V]) iter.Seq[K] {
	return func(yield func(K) bool) {
		slot[K, V]{sub: from.root}.changed(slot[K, V]{sub: to.root}, yield)
	}
}

// changed yields the keys in which two slots differ; it returns false when
// yield did.
func (s slot[K, V]) changed(to slot[K, V], yield func(K) bool) bool {
	switch {
	case s == to:
		return true
	case s.sub != nil && to.sub != nil:
		return s.sub.changed(to.sub, yield)
	}
	// One of them is empty or a chain, most often of one.
	for l := range s.leaves() {
		if o := to.find(l.key); o != l && !yield(l.key) {
			return false
		}
	}
	for l := range to.leaves() {
		if s.find(l.key) == nil && !yield(l.key) {
			return false
		}
	}
	return true
}

func (n *node[K, V]) changed(to *node[K, V], yield func(K) bool) bool {
	for bit := range uint64(1 << width) {
		var a, b slot[K, V]
		if i, there := n.index(bit); there {
			a = n.slots[i]
		}
		if i, there := to.index(bit); there {
			b = to.slots[i]
		}
		if !a.changed(b, yield) {
			return false
		}
	}
	return true
}

// leaves yields every leaf below a slot.
func (s slot[K, V]) leaves() iter.Seq[*leaf[K, V]] {
	return func(yield func(*leaf[K, V]) bool) { s.each(yield) }
}

func (s slot[K, V]) each(yield func(*leaf[K, V]) bool) bool {
	for l := s.leaf; l != nil; l = l.next {
		if !yield(l) {
			return false
		}
	}
	if s.sub != nil {
		for _, o := range s.sub.slots {
			if !o.each(yield) {
				return false
			}
		}
	}
	return true
}

// find returns the leaf of a key below a slot, or nil.
func (s slot[K, V]) find(key K) *leaf[K, V] {
	for l := range s.leaves() {
		if l.key == key {
			return l
		}
	}
	return nil
}
