// SPDX-License-Identifier: Apache-2.0

package hamt

import (
	"math/bits"
	"slices"
)

// width is how many bits of the hash choose a slot on each level; mask has
// them set. Keys whose whole hash is equal share a slot, as a chain of leaves,
// so a trie is never deeper than the hash has bits.
const (
	width = 5
	mask  = 1<<width - 1
)

// node is an inner node: bit b of bitmap is set when there is a slot for the
// hash bits b; slots are in the order of those bits. A node is never changed.
type node[K Key, V any] struct {
	bitmap uint32
	slots  []slot[K, V]
}

// slot holds either a leaf or a deeper node.
type slot[K Key, V any] struct {
	leaf *leaf[K, V]
	sub  *node[K, V]
}

// index returns where the slot for the lowest bits of rest is or would be.
func (n *node[K, V]) index(rest uint64) (i int, there bool) {
	bit := uint32(1) << (rest & mask)
	return bits.OnesCount32(n.bitmap & (bit - 1)), n.bitmap&bit != 0
}

// put returns a node that holds l, of that hash, as well, and whether its key is
// new.
func (n *node[K, V]) put(l *leaf[K, V], hash uint64, shift uint) (*node[K, V], bool) {
	rest := hash >> shift
	if n == nil {
		return &node[K, V]{1 << (rest & mask), []slot[K, V]{{leaf: l}}}, true
	}
	i, there := n.index(rest)
	if !there {
		slots := make([]slot[K, V], len(n.slots)+1)
		copy(slots, n.slots[:i])
		slots[i].leaf = l
		copy(slots[i+1:], n.slots[i:])
		return &node[K, V]{n.bitmap | 1<<(rest&mask), slots}, true
	}
	s, added := n.slots[i].put(l, hash, shift+width)
	return n.with(i, s), added
}

// put returns a slot that holds l as well; shift is that of the level below.
func (s slot[K, V]) put(l *leaf[K, V], hash uint64, shift uint) (slot[K, V], bool) {
	if s.leaf == nil {
		sub, added := s.sub.put(l, hash, shift)
		return slot[K, V]{sub: sub}, added
	}
	there := s.leaf.key.Hash()
	if there == hash {
		chain, added := s.leaf.put(l)
		return slot[K, V]{leaf: chain}, added
	}
	var sub *node[K, V]
	sub, _ = sub.put(s.leaf, there, shift)
	sub, _ = sub.put(l, hash, shift)
	return slot[K, V]{sub: sub}, true
}

// with returns a copy of n whose slot i is s.
func (n *node[K, V]) with(i int, s slot[K, V]) *node[K, V] {
	slots := slices.Clone(n.slots)
	slots[i] = s
	return &node[K, V]{n.bitmap, slots}
}

// remove returns a node without key, nil when nothing is left.
func (n *node[K, V]) remove(key K, hash uint64, shift uint) (*node[K, V], bool) {
	if n == nil {
		return nil, false
	}
	rest := hash >> shift
	i, there := n.index(rest)
	if !there {
		return n, false
	}
	s, removed := n.slots[i].remove(key, hash, shift+width)
	switch {
	case !removed:
		return n, false
	case s.leaf != nil || s.sub != nil:
		return n.with(i, s), true
	case len(n.slots) == 1:
		return nil, true
	}
	slots := make([]slot[K, V], 0, len(n.slots)-1)
	slots = append(append(slots, n.slots[:i]...), n.slots[i+1:]...)
	return &node[K, V]{n.bitmap &^ (1 << (rest & mask)), slots}, true
}

// remove returns a slot without key, empty when nothing is left. A node with a
// single leaf becomes that leaf, so that the shape depends on the keys alone.
func (s slot[K, V]) remove(key K, hash uint64, shift uint) (slot[K, V], bool) {
	if s.leaf != nil {
		l, removed := s.leaf.remove(key)
		return slot[K, V]{leaf: l}, removed
	}
	sub, removed := s.sub.remove(key, hash, shift)
	if removed && sub != nil && len(sub.slots) == 1 && sub.slots[0].leaf != nil {
		return sub.slots[0], true
	}
	return slot[K, V]{sub: sub}, removed
}

// all yields every key below n; it returns false when yield did.
func (n *node[K, V]) all(yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	for _, s := range n.slots {
		for l := s.leaf; l != nil; l = l.next {
			if !yield(l.key, l.value) {
				return false
			}
		}
		if s.sub != nil && !s.sub.all(yield) {
			return false
		}
	}
	return true
}
