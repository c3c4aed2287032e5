// SPDX-License-Identifier: Apache-2.0

package control

import (
	"iter"
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

// index says on which chassis there may be flows that depend on an endpoint's
// record, or on its absence. Routes stay until their record changes; an
// endpoint's own chassis is not in it, as the record says it. Denials depend
// on addresses that need not exist, and fade.
type index struct {
	shard [shards]shard

	mu   sync.Mutex                 // taken after a shard's
	held map[linkspan.ChassisID]int // denials
}

type shard struct {
	mu     sync.Mutex
	routes map[view.Key][]linkspan.ChassisID
	// Denials of this period and of the one before.
	denials, fadingDenials map[view.Key][]linkspan.ChassisID
	turned                 time.Time
}

func newIndex() *index {
	x := &index{held: make(map[linkspan.ChassisID]int)}
	for i := range x.shard {
		x.shard[i].routes = make(map[view.Key][]linkspan.ChassisID)
		x.shard[i].denials = make(map[view.Key][]linkspan.ChassisID)
	}
	return x
}

func (x *index) of(key view.Key) *shard { return &x.shard[key.Hash()%shards] }

// route notes that there may be flows of the route between two endpoints of
// different chassis, on both.
func (x *index) route(a, b *linkspan.Endpoint) {
	x.of(view.KeyOf(a)).route(view.KeyOf(a), b.Chassis)
	x.of(view.KeyOf(b)).route(view.KeyOf(b), a.Chassis)
}

func (s *shard) route(key view.Key, on linkspan.ChassisID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	insert(s.routes, key, on)
}

// denial notes that there may be a flow that denies on a chassis. It returns
// false when the chassis has too many: then there must be no such flow.
func (x *index) denial(reads []decide.Read, on linkspan.ChassisID) bool {
	now := time.Now()
	for i := range reads {
		if !x.denialOf(reads[i].Key, on, now) {
			return false
		}
	}
	return true
}

func (x *index) denialOf(key view.Key, on linkspan.ChassisID, now time.Time) bool {
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.turned) > fading {
		for _, list := range s.fadingDenials {
			x.release(list)
		}
		s.fadingDenials, s.denials = s.denials, make(map[view.Key][]linkspan.ChassisID)
		s.turned = now
	}
	if _, there := slices.BinarySearch(s.denials[key], on); !there {
		if !x.reserve(on) {
			return false
		}
		insert(s.denials, key, on)
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

// release counts one less of each chassis.
func (x *index) release(on []linkspan.ChassisID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range on {
		if x.held[id]--; x.held[id] == 0 {
			delete(x.held, id)
		}
	}
}

// routed says whether there may be flows of routes of an endpoint on a chassis
// other than its own.
func (x *index) routed(e *linkspan.Endpoint, on linkspan.ChassisID) bool {
	key := view.KeyOf(e)
	s := x.of(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := slices.BinarySearch(s.routes[key], on)
	return there
}

// take returns the chassis that depend on a key, and forgets them.
func (x *index) take(key view.Key) []linkspan.ChassisID {
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

// between yields the keys of those endpoints on which flows of a chassis may
// depend.
func (x *index) between(endpoints iter.Seq[*linkspan.Endpoint], on linkspan.ChassisID) iter.Seq[view.Key] {
	return func(yield func(view.Key) bool) {
		for e := range endpoints {
			if key := view.KeyOf(e); x.of(key).has(key, on) && !yield(key) {
				return
			}
		}
	}
}

func (s *shard) has(key view.Key, on linkspan.ChassisID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range []map[view.Key][]linkspan.ChassisID{s.routes, s.denials, s.fadingDenials} {
		if _, there := slices.BinarySearch(m[key], on); there {
			return true
		}
	}
	return false
}

// insert adds to a sorted list.
func insert(m map[view.Key][]linkspan.ChassisID, key view.Key, on linkspan.ChassisID) {
	list := m[key]
	if i, there := slices.BinarySearch(list, on); !there {
		m[key] = slices.Insert(list, i, on)
	}
}
