// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"cmp"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// observed is all that a plan is made from.
type observed struct {
	fabric []linkspan.Network            // desired
	docker []Network                     // actual, of our driver
	model  map[string]cnm.Network        // by dockerd's id
	notes  map[linkspan.NetworkID]string // shown here before, under this id of dockerd's
	old    map[string]bool               // ids that only dockerd knows, for a while now
}

// observe looks. dockerd is asked before the model is, as a network enters the
// model before dockerd lists it: so one that is missing there is on its way
// out, or lost.
func (m *Mirror) observe(docker []Network, now time.Time) observed {
	o := observed{
		docker: docker,
		fabric: m.cfg.Fabric.Networks(),
		model:  make(map[string]cnm.Network),
		notes:  m.notes.byNetwork,
		old:    make(map[string]bool),
	}
	for _, n := range m.cfg.Model.Networks() {
		o.model[n.ID] = n
	}
	strange := make(map[string]time.Time)
	for _, d := range docker {
		if _, known := o.model[d.ID]; known {
			continue
		}
		since, seen := m.strange[d.ID]
		if !seen {
			since = now
		}
		strange[d.ID] = since
		o.old[d.ID] = now.Sub(since) >= m.cfg.StrangeAfter
	}
	m.strange = strange
	return o
}

// claim returns the number of the fabric's network that a network here stands
// for, or 0 when nothing says; bound says that it cannot change. One that is
// only labelled is new, or its creator was interrupted, or a person typed it.
func (o *observed) claim(d Network) (id linkspan.NetworkID, bound bool) {
	if n := o.model[d.ID]; n.Bound() {
		return n.Fabric, true
	}
	return numberOf(d), false
}

// byRight returns dockerd's networks, the one with the best right to its name
// first: bound before unbound, then the older one.
func (o *observed) byRight() []Network {
	return slices.SortedStableFunc(slices.Values(o.docker), func(a, b Network) int {
		idA, boundA := o.claim(a)
		idB, boundB := o.claim(b)
		return cmp.Or(
			-compareBool(boundA, boundB), -compareBool(idA != 0, idB != 0),
			a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID),
		)
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
