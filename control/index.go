// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// shards is how many locks the index has.
const shards = 64

// fading is how long a denial stays in the index, at least: longer than its
// flow lasts and than a session can hold a message back.
const fading = 6 * pipeline.DenySeconds * time.Second

// maxDenials is how many denials of one chassis the index holds.
const maxDenials = 1 << 16

// place is where flows stand: on a chassis, under a network.
type place struct {
	on      linkspan.ChassisID
	network linkspan.NetworkID
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.on, o.on), cmp.Compare(p.network, o.network))
}

// index says where there may be flows that depend on an endpoint's
// record, or on its absence. Routes stay until their record changes; an
// endpoint's own place is not in it, as the record says it. Denials depend
// on addresses that need not exist, and fade.
type index struct {
	shard [shards]shard

	mu   sync.Mutex                 // taken after a shard's
	held map[linkspan.ChassisID]int // denials
}

type shard struct {
	mu     sync.Mutex
	routes map[view.Key][]place
	// Denials of this period and of the one before.
	denials, fadingDenials map[view.Key][]place
	turned                 time.Time
}

func newIndex() *index {
	x := &index{held: make(map[linkspan.ChassisID]int)}
	for i := range x.shard {
		x.shard[i].routes = make(map[view.Key][]place)
		x.shard[i].denials = make(map[view.Key][]place)
	}
	return x
}

func (x *index) of(key view.Key) *shard { return &x.shard[key.Hash()%shards] }

// route notes that there may be flows of the route between two endpoints, on the
// chassis of both. Of two on one chassis it need only be told when their networks
// are two.
func (x *index) route(a, b *linkspan.Endpoint) {
	x.of(view.KeyOf(a)).route(view.KeyOf(a), placeOf(b))
	x.of(view.KeyOf(b)).route(view.KeyOf(b), placeOf(a))
}

// placeOf is an endpoint's own place.
func placeOf(e *linkspan.Endpoint) place { return place{e.Chassis, e.Network} }

func (s *shard) route(key view.Key, at place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	insert(s.routes, key, at)
}

// denial notes that there may be a flow that denies at a place. It returns
// false when the chassis has too many: then there must be no such flow.
func (x *index) denial(reads []decide.Read, at place) bool {
	now := time.Now()
	for i := range reads {
		if !x.denialOf(reads[i].Key, at, now) {
			return false
		}
	}
	return true
}

func (x *index) denialOf(key view.Key, at place, now time.Time) bool {
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.turned) > fading {
		for _, list := range s.fadingDenials {
			x.release(list)
		}
		s.fadingDenials, s.denials = s.denials, make(map[view.Key][]place)
		s.turned = now
	}
	if _, there := slices.BinarySearchFunc(s.denials[key], at, place.compare); !there {
		if !x.reserve(at.on) {
			return false
		}
		insert(s.denials, key, at)
	}
	return true
}

// reserve counts one more denial of a chassis, if it may have one.
func (x *index) reserve(on linkspan.ChassisID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.held[on] >= maxDenials {
		return false
	}
	x.held[on]++
	return true
}

// denying returns the chassis that may have denials.
func (x *index) denying() []linkspan.ChassisID {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(maps.Keys(x.held))
}

// release counts one less of each chassis.
func (x *index) release(at []place) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range at {
		if x.held[p.on]--; x.held[p.on] == 0 {
			delete(x.held, p.on)
		}
	}
}

// routes returns the places where there may be flows of routes of an endpoint, its own
// excepted.
func (x *index) routes(e *linkspan.Endpoint) []place {
	key := view.KeyOf(e)
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.routes[key])
}

// routed says whether there may be flows of routes of an endpoint on a chassis
// other than its own.
func (x *index) routed(e *linkspan.Endpoint, on linkspan.ChassisID) bool {
	key := view.KeyOf(e)
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return anyOn(s.routes[key], on)
}

// noted says whether routes of each of two endpoints may have flows at the other's
// place.
func (x *index) noted(a, b *linkspan.Endpoint) bool {
	return x.of(view.KeyOf(a)).noted(view.KeyOf(a), placeOf(b)) && x.of(view.KeyOf(b)).noted(view.KeyOf(b), placeOf(a))
}

func (s *shard) noted(key view.Key, at place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := slices.BinarySearchFunc(s.routes[key], at, place.compare)
	return there
}

// anyOn says whether one of the places is on a chassis.
func anyOn(list []place, on linkspan.ChassisID) bool {
	i, _ := slices.BinarySearchFunc(list, place{on: on}, place.compare)
	return i < len(list) && list[i].on == on
}

// dependents returns the places that depend on a key, some perhaps twice.
func (x *index) dependents(key view.Key) []place {
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.routes[key], s.denials[key], s.fadingDenials[key])
}

// take returns the places that depend on a key, and forgets them.
func (x *index) take(key view.Key) []place {
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	x.release(s.denials[key])
	x.release(s.fadingDenials[key])
	all := slices.Concat(s.routes[key], s.denials[key], s.fadingDenials[key])
	delete(s.routes, key)
	delete(s.denials, key)
	delete(s.fadingDenials, key)
	return all
}

// pairs returns the pairs of chassis of which one may have flows that depend on an
// endpoint of the other. It costs a look at all that is noted.
func (x *index) pairs(v *view.View) map[view.Pair]bool {
	pairs := make(map[view.Pair]bool)
	for i := range x.shard {
		x.shard[i].pairs(v, pairs)
	}
	return pairs
}

func (s *shard) pairs(v *view.View, pairs map[view.Pair]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []map[view.Key][]place{s.routes, s.denials, s.fadingDenials} {
		for key, list := range m {
			e := v.Endpoint(key)
			if !attached(e) {
				continue
			}
			for _, p := range list {
				if p.on != e.Chassis {
					pairs[view.PairOf(e.Chassis, p.on)] = true
				}
			}
		}
	}
}

// between returns under which networks flows of a chassis may depend on those of the
// endpoints on which any may.
func (x *index) between(endpoints iter.Seq[*linkspan.Endpoint], on linkspan.ChassisID) iter.Seq2[view.Key, linkspan.NetworkID] {
	return func(yield func(view.Key, linkspan.NetworkID) bool) {
		for e := range endpoints {
			key := view.KeyOf(e)
			for _, network := range x.of(key).under(key, on) {
				if !yield(key, network) {
					return
				}
			}
		}
	}
}

// under returns the networks under which flows of a chassis may depend on a key.
func (s *shard) under(key view.Key, on linkspan.ChassisID) (networks []linkspan.NetworkID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []map[view.Key][]place{s.routes, s.denials, s.fadingDenials} {
		for _, p := range m[key] {
			if p.on == on && !slices.Contains(networks, p.network) {
				networks = append(networks, p.network)
			}
		}
	}
	return networks
}

// insert adds to a sorted list.
func insert(m map[view.Key][]place, key view.Key, at place) {
	list := m[key]
	if i, there := slices.BinarySearchFunc(list, at, place.compare); !there {
		m[key] = slices.Insert(list, i, at)
	}
}
