// SPDX-License-Identifier: Apache-2.0

package view

import (
	"iter"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// containerKey is a container by its host and name.
type containerKey struct {
	chassis linkspan.ChassisID
	name    string
}

// Hash is that of the name, mixed with the host.
func (k containerKey) Hash() uint64 { return hamt.Mix(fnv(fnvOffset, k.name) ^ uint64(k.chassis)) }

func containerOf(e *linkspan.Endpoint) containerKey { return containerKey{e.Chassis, e.Container} }

func endOf(e linkspan.LinkEnd) containerKey { return containerKey{e.Chassis, e.Container} }

// linkKey is the two ends of a link, in order.
type linkKey struct{ a, b linkspan.LinkEnd }

func keyOfLink(l *linkspan.Link) linkKey { return linkKey{l.A, l.B} }

// Hash mixes both ends.
func (k linkKey) Hash() uint64 {
	h := hamt.Mix(endOf(k.a).Hash() ^ uint64(k.a.Network))
	return hamt.Mix(h ^ endOf(k.b).Hash() ^ uint64(k.b.Network)<<32)
}

// links are the links, those of each container, and the attached endpoints of each
// container: both are few, so that they are lists, which are never changed.
type links struct {
	all        hamt.Map[linkKey, *linkspan.Link]
	of         hamt.Map[containerKey, []*linkspan.Link]
	containers hamt.Map[containerKey, []*linkspan.Endpoint]
	denying    hamt.Map[chassisKey, int] // links that deny, by the chassis of an end
	between    hamt.Map[pairKey, hamt.Map[linkKey, *linkspan.Link]]
}

// pairKey is the chassis of both ends of a link.
type pairKey Pair

// Hash mixes both.
func (k pairKey) Hash() uint64 { return hamt.Mix(uint64(k.A)<<32 | uint64(k.B)) }

// Links yields all links, in no useful order.
func (v *View) Links() iter.Seq[*linkspan.Link] { return values(v.links.all) }

// AnyLinks says whether there are links at all.
func (v *View) AnyLinks() bool { return v.links.all.Len() > 0 }

// LinksOf returns the links that may be about an endpoint, by its container. The
// list must not be changed.
func (v *View) LinksOf(e *linkspan.Endpoint) []*linkspan.Link {
	if v.links.all.Len() == 0 {
		return nil
	}
	list, _ := v.links.of.Get(containerOf(e))
	return list
}

// Link returns the link that decides about two endpoints, or nil. Of several, which
// name networks or do not, one that denies comes first.
func (v *View) Link(a, b *linkspan.Endpoint) (found *linkspan.Link) {
	for _, l := range v.LinksOf(a) {
		switch {
		case !l.Joins(a, b):
		case l.Verdict == linkspan.LinkDeny:
			return l
		case found == nil:
			found = l
		}
	}
	return found
}

// Unknowable says whether an endpoint may be one that a link denies, without it
// being known: the name of its container has not come yet.
func (v *View) Unknowable(e *linkspan.Endpoint) bool {
	if e.Container != "" || v.links.all.Len() == 0 {
		return false
	}
	n, _ := v.links.denying.Get(chassisKey(e.Chassis))
	return n > 0
}

// LinksBetween yields the links with an end on each of two chassis, in no useful order.
func (v *View) LinksBetween(a, b linkspan.ChassisID) iter.Seq[*linkspan.Link] {
	list, _ := v.links.between.Get(pairKey(PairOf(a, b)))
	return values(list)
}

// Covered yields the attached endpoints that an end of a link names.
func (v *View) Covered(end linkspan.LinkEnd) iter.Seq[*linkspan.Endpoint] {
	return func(yield func(*linkspan.Endpoint) bool) {
		list, _ := v.links.containers.Get(endOf(end))
		for _, e := range list {
			if end.Covers(e) && !yield(e) {
				return
			}
		}
	}
}

// Opposite yields the attached endpoints that a link of e joins it with, each as
// often as a link does.
func (v *View) Opposite(e *linkspan.Endpoint) iter.Seq2[*linkspan.Link, *linkspan.Endpoint] {
	return func(yield func(*linkspan.Link, *linkspan.Endpoint) bool) {
		for _, l := range v.LinksOf(e) {
			for _, ends := range [2][2]linkspan.LinkEnd{{l.A, l.B}, {l.B, l.A}} {
				if !ends[0].Covers(e) {
					continue
				}
				for o := range v.Covered(ends[1]) {
					if !yield(l, o) {
						return
					}
				}
			}
		}
	}
}

// linkedAt returns the endpoint of that address with which links allow e to talk, or
// nil when there is none or several.
func (v *View) linkedAt(e *linkspan.Endpoint, a netip.Addr) (found *linkspan.Endpoint) {
	for l, o := range v.Opposite(e) {
		switch {
		case l.Verdict != linkspan.LinkAllow || o.Address != a || o == found:
		case found != nil:
			return nil
		default:
			found = o
		}
	}
	return found
}

// setLink puts l between its ends, or removes what is between those of key.
func (b *builder) setLink(key linkKey, l *linkspan.Link) {
	old, _ := b.links.all.Get(key)
	switch {
	case old == nil && l == nil, same(old, l):
		return
	case l == nil:
		b.links.all = b.links.all.Delete(key)
	default:
		b.links.all = b.links.all.Put(key, l)
	}
	for _, end := range [2]containerKey{endOf(key.a), endOf(key.b)} {
		list, _ := b.links.of.Get(end)
		if old != nil {
			list = without(list, old)
		}
		if l != nil {
			list = with(list, l)
		}
		b.links.of = putOrDeleteList(b.links.of, end, list)
		b.links.denies(chassisKey(end.chassis), denying(l)-denying(old))
	}
	pair := pairKey(PairOf(key.a.Chassis, key.b.Chassis))
	list, _ := b.links.between.Get(pair)
	if l == nil {
		list = list.Delete(key)
	} else {
		list = list.Put(key, l)
	}
	b.links.between = putOrDelete(b.links.between, pair, list)
	b.delta.Links = append(b.delta.Links, Changed[linkspan.Link]{old, l})
}

func denying(l *linkspan.Link) int {
	if l != nil && l.Verdict == linkspan.LinkDeny {
		return 1
	}
	return 0
}

// denies changes the number of links that deny with an end on a chassis.
func (l *links) denies(on chassisKey, by int) {
	n, _ := l.denying.Get(on)
	if n += by; n == 0 {
		l.denying = l.denying.Delete(on)
	} else {
		l.denying = l.denying.Put(on, n)
	}
}

// contain enters e among the endpoints of its container, and takes old from there;
// both are of one key, and either may be nil.
func (l *links) contain(old, e *linkspan.Endpoint) {
	if old != nil && old.Attached() && old.Container != "" {
		list, _ := l.containers.Get(containerOf(old))
		l.containers = putOrDeleteList(l.containers, containerOf(old), without(list, old))
	}
	if e != nil && e.Attached() && e.Container != "" {
		list, _ := l.containers.Get(containerOf(e))
		l.containers = l.containers.Put(containerOf(e), with(list, e))
	}
}
