// SPDX-License-Identifier: Apache-2.0

package hamt

// leaf is a key with its value, and a chain of other keys with the same hash,
// which is not kept: it costs less to compute it again than to hold it for every
// key. A leaf is never changed.
type leaf[K Key, V any] struct {
	key   K
	value V
	next  *leaf[K, V]
}

// get looks for key in the chain.
func (l *leaf[K, V]) get(key K) (value V, ok bool) {
	for ; l != nil; l = l.next {
		if l.key == key {
			return l.value, true
		}
	}
	return value, false
}

// put returns the chain with o in front and without an older leaf of its key,
// and whether the key is new.
func (l *leaf[K, V]) put(o *leaf[K, V]) (*leaf[K, V], bool) {
	rest, removed := l.remove(o.key)
	return &leaf[K, V]{o.key, o.value, rest}, !removed
}

// remove returns the chain without key, nil when nothing is left.
func (l *leaf[K, V]) remove(key K) (*leaf[K, V], bool) {
	if l == nil {
		return l, false
	}
	if l.key == key {
		return l.next, true
	}
	rest, removed := l.next.remove(key)
	if !removed {
		return l, false
	}
	return &leaf[K, V]{l.key, l.value, rest}, true
}
