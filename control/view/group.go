// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// groupKey is the name of a group.
type groupKey string

// Hash is that of the name.
func (k groupKey) Hash() uint64 { return hamt.Mix(fnv(fnvOffset, string(k))) }

// groups are the groups, and those that each network is in: few, so that they are a
// list, which is never changed.
type groups struct {
	all hamt.Map[groupKey, *linkspan.Group]
	of  hamt.Map[networkKey, []*linkspan.Group]
}

// Group returns the group of that name, or nil.
func (v *View) Group(name string) *linkspan.Group {
	g, _ := v.groups.all.Get(groupKey(name))
	return g
}

// Groups yields all groups, in no useful order.
func (v *View) Groups() iter.Seq[*linkspan.Group] { return values(v.groups.all) }

// GroupsOf returns the groups that a network is in, in no useful order. The list
// must not be changed.
func (v *View) GroupsOf(id linkspan.NetworkID) []*linkspan.Group {
	if v.groups.all.Len() == 0 {
		return nil
	}
	list, _ := v.groups.of.Get(networkKey(id))
	return list
}

// Shares returns a group that two networks are in, or nil.
func (v *View) Shares(a, b linkspan.NetworkID) *linkspan.Group {
	for _, g := range v.GroupsOf(a) {
		if g.Has(b) {
			return g
		}
	}
	return nil
}

// Grouped yields the networks that share a group with a network, each once, itself
// excepted.
func (v *View) Grouped(id linkspan.NetworkID) iter.Seq[linkspan.NetworkID] {
	return func(yield func(linkspan.NetworkID) bool) {
		list := v.GroupsOf(id)
		for i, g := range list {
			for _, other := range g.Networks {
				known := func(earlier *linkspan.Group) bool { return earlier.Has(other) }
				if other != id && !slices.ContainsFunc(list[:i], known) && !yield(other) {
					return
				}
			}
		}
	}
}

// setGroup puts g under its name, or removes the name when g is nil.
func (b *builder) setGroup(name string, g *linkspan.Group) {
	old := b.Group(name)
	switch {
	case old == nil && g == nil, same(old, g):
		return
	case g == nil:
		b.groups.all = b.groups.all.Delete(groupKey(name))
	default:
		b.groups.all = b.groups.all.Put(groupKey(name), g)
	}
	if old != nil {
		for _, id := range old.Networks {
			list, _ := b.groups.of.Get(networkKey(id))
			b.groups.of = putOrDeleteList(b.groups.of, networkKey(id), without(list, old))
		}
	}
	if g != nil {
		for _, id := range g.Networks {
			list, _ := b.groups.of.Get(networkKey(id))
			b.groups.of = b.groups.of.Put(networkKey(id), with(list, g))
		}
	}
	b.policies.generation++
	b.delta.Groups = append(b.delta.Groups, Changed[linkspan.Group]{old, g})
}

// with and without return another list, as Views share the one they are given.

func with[T comparable](list []T, one T) []T { return append(slices.Clip(list), one) }

func without[T comparable](list []T, one T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(o T) bool { return o == one })
}

// putOrDeleteList puts a list, or deletes the key when it is empty.
func putOrDeleteList[K hamt.Key, T any](m hamt.Map[K, []T], key K, list []T) hamt.Map[K, []T] {
	if len(list) == 0 {
		return m.Delete(key)
	}
	return m.Put(key, list)
}
