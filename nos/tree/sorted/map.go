// SPDX-License-Identifier: Apache-2.0

package sorted

import "iter"

// Map is a persistent map. The zero value is empty. Any number of goroutines
// may use one.
type Map[V comparable] struct{ root *node[V] }

type node[V comparable] struct {
	key         string
	value       V
	priority    uint64
	size        int
	left, right *node[V]
}

// Len returns the number of keys.
func (m Map[V]) Len() int { return m.root.len() }

func (n *node[V]) len() int {
	if n == nil {
		return 0
	}
	return n.size
}

// Get returns the value of a key, and whether it is there.
func (m Map[V]) Get(key string) (value V, ok bool) {
	n := m.root
	for n != nil {
		switch c := Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	return value, false
}

// Set returns the map with the key's value set.
func (m Map[V]) Set(key string, value V) Map[V] {
	return Map[V]{m.root.set(key, value, priority(key))}
}

func (n *node[V]) set(key string, value V, p uint64) *node[V] {
	if n == nil {
		return &node[V]{key: key, value: value, priority: p, size: 1}
	}
	switch c := Compare(key, n.key); {
	case c == 0:
		if n.value == value {
			return n
		}
		return &node[V]{key, value, n.priority, n.size, n.left, n.right}
	case above(p, key, n):
		left, right := n.split(key)
		return make2(key, value, p, left, right)
	case c < 0:
		return n.with(n.left.set(key, value, p), n.right)
	default:
		return n.with(n.left, n.right.set(key, value, p))
	}
}

// above says whether a key belongs nearer to the root than n.
func above[V comparable](p uint64, key string, n *node[V]) bool {
	return p > n.priority || p == n.priority && key < n.key
}

func make2[V comparable](key string, value V, p uint64, left, right *node[V]) *node[V] {
	return &node[V]{key, value, p, left.len() + right.len() + 1, left, right}
}

// with returns n with other children; n itself if they are the same.
func (n *node[V]) with(left, right *node[V]) *node[V] {
	if left == n.left && right == n.right {
		return n
	}
	return make2(n.key, n.value, n.priority, left, right)
}

// split divides into what is before the key and what is after it; the key
// itself is in neither.
func (n *node[V]) split(key string) (before, after *node[V]) {
	if n == nil {
		return nil, nil
	}
	switch c := Compare(key, n.key); {
	case c == 0:
		return n.left, n.right
	case c < 0:
		before, after = n.left.split(key)
		return before, n.with(after, n.right)
	default:
		before, after = n.right.split(key)
		return n.with(n.left, before), after
	}
}

// Delete returns the map without the key.
func (m Map[V]) Delete(key string) Map[V] { return Map[V]{m.root.delete(key)} }

func (n *node[V]) delete(key string) *node[V] {
	if n == nil {
		return nil
	}
	switch c := Compare(key, n.key); {
	case c < 0:
		return n.with(n.left.delete(key), n.right)
	case c > 0:
		return n.with(n.left, n.right.delete(key))
	}
	return join(n.left, n.right)
}

// join returns both, of which left is wholly before right.
func join[V comparable](left, right *node[V]) *node[V] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case above(left.priority, left.key, right):
		return left.with(left.left, join(left.right, right))
	default:
		return right.with(join(left, right.left), right.right)
	}
}

// All yields keys and values in order.
func (m Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { m.root.all(yield) }
}

func (n *node[V]) all(yield func(string, V) bool) bool {
	return n == nil || n.left.all(yield) && yield(n.key, n.value) && n.right.all(yield)
}
