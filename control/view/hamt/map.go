// SPDX-License-Identifier: Apache-2.0

package hamt

import "iter"

// Key is what a Map can be keyed by: a comparable type with a hash. Equal keys
// have equal hashes; all 64 bits should depend on all of the key (Mix helps).
type Key interface {
	comparable
	Hash() uint64
}

// Map is an immutable map from K to V. The zero value is empty. Copying one is
// cheap; any number of goroutines may use the same Map and its descendants.
type Map[K Key, V any] struct {
	root *node[K, V]
	n    int
}

// Len returns the number of keys.
func (m Map[K, V]) Len() int { return m.n }

// Get returns the value of key, and whether there is one. It does not allocate.
func (m Map[K, V]) Get(key K) (value V, ok bool) {
	n := m.root
	for rest := key.Hash(); n != nil; rest >>= width {
		i, there := n.index(rest)
		if !there {
			break
		}
		s := &n.slots[i]
		if s.leaf != nil {
			return s.leaf.get(key)
		}
		n = s.sub
	}
	return value, false
}

// Put returns a map in which key has the value.
func (m Map[K, V]) Put(key K, value V) Map[K, V] {
	root, added := m.root.put(&leaf[K, V]{key: key, value: value}, key.Hash(), 0)
	if added {
		m.n++
	}
	m.root = root
	return m
}

// Delete returns a map without key; m itself when it has no such key.
func (m Map[K, V]) Delete(key K) Map[K, V] {
	root, removed := m.root.remove(key, key.Hash(), 0)
	if !removed {
		return m
	}
	return Map[K, V]{root: root, n: m.n - 1}
}

// All yields every key with its value, in no useful order.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { m.root.all(yield) }
}

// Mix spreads the bits of x over the whole word (the finalizer of splitmix64).
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
