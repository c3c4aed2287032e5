// SPDX-License-Identifier: Apache-2.0

package control

import (
	"maps"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// changed is of whom the routes are to be revised, as policies say something else of
// them.
type changed struct {
	mu   sync.Mutex
	keys map[view.Key]bool
	all  bool          // denials that are about none of them may not stand, either
	some chan struct{} // has one when there are keys
}

func newChanged() changed { return changed{some: make(chan struct{}, 1)} }

// add adds some. all says that from now on denials may rest on more than they say, which
// is kept until there are some.
func (c *changed) add(keys map[view.Key]bool, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = c.all || all
	if len(keys) == 0 {
		return
	}
	if c.keys == nil {
		c.keys = make(map[view.Key]bool)
	}
	maps.Copy(c.keys, keys)
	select {
	case c.some <- struct{}{}:
	default:
	}
}

// take returns them and forgets them.
func (c *changed) take() (keys []view.Key, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys, all = slices.SortedFunc(maps.Keys(c.keys), compareKeys), c.all
	c.keys, c.all = nil, false
	return keys, all
}

// reselect notes of whom policies say something else from one View to the next. Where
// flows are deleted in any case nothing is noted.
func (h *Hub) reselect(old, next *view.View, d *view.Delta) {
	if old.CountPolicies() == 0 && next.CountPolicies() == 0 {
		return
	}
	// Without policies a denial is of a whole network.
	all := old.CountPolicies() == 0 || next.CountPolicies() == 0
	keys := make(map[view.Key]bool)
	for _, e := range view.Selected(old, next, d.Policies...).Endpoints {
		keys[view.KeyOf(e)] = true
	}
	for _, c := range d.Endpoints {
		if equalInFlows(c.Old, c.New) && view.Reselected(old, next, c) {
			keys[view.KeyOf(c.New)] = true
		}
	}
	for _, id := range joinedOrLeft(d) {
		for on := range next.Members(id) {
			for e := range next.Attached(on) {
				if e.Network == id {
					keys[view.KeyOf(e)] = true
				}
			}
		}
	}
	h.changed.add(keys, all)
}

// joinedOrLeft returns the networks that came to some group or left it, some perhaps
// twice: policies select by group, and leave to groups what they do not speak of.
func joinedOrLeft(d *view.Delta) (ids []linkspan.NetworkID) {
	for _, c := range d.Groups {
		for _, side := range [2][2]*linkspan.Group{{c.Old, c.New}, {c.New, c.Old}} {
			if side[0] == nil {
				continue
			}
			for _, id := range side[0].Networks {
				if side[1] == nil || !side[1].Has(id) {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}
