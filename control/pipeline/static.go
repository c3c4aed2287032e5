// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Set is a set of static flows and the meters that they use.
type Set struct {
	Meters []Meter
	Flows  []Flow
}

func (s *Set) add(o Set) {
	s.Meters = append(s.Meters, o.Meters...)
	s.Flows = append(s.Flows, o.Flows...)
}

// Static returns what a chassis has in v, whoever talks or not: a fixed number
// of flows, one or two for each network with endpoints there, one for each chassis
// with a direct path, nine for each endpoint, and three more where its network is not internal;
// one more where it is on a bridge of the host.
func Static(v *view.View, on linkspan.ChassisID) Set {
	s := ofChassis(on)
	for id := range v.Present(on) {
		s.add(networkIn(v, on, id))
	}
	if p := v.Paths(on); p != nil {
		for _, peer := range p.To {
			s.add(peerIn(v, on, peer))
		}
	}
	for e := range v.Attached(on) {
		s.add(attachedIn(v, e))
	}
	return s
}

// Difference returns what a chassis gets and loses from one View to the next,
// which differ by d. What stays the same is in neither, and no flow that is put
// has the match and priority of one that goes; meters that are gone may
// only be deleted after the flows that used them.
func Difference(from, to *view.View, d *view.Delta, on linkspan.ChassisID) (put, gone Set) {
	for key := range changedEndpoints(to, d, on) {
		gone.add(endpointIn(from, on, key))
		put.add(endpointIn(to, on, key))
	}
	for _, id := range changedNetworks(d, on) {
		gone.add(networkIn(from, on, id))
		put.add(networkIn(to, on, id))
	}
	for _, peer := range changedPeers(d, on) {
		gone.add(peerIn(from, on, peer))
		put.add(peerIn(to, on, peer))
	}
	return subtract(put, gone)
}

// endpointIn returns the static part of an endpoint, empty when it is not
// attached on the chassis.
func endpointIn(v *view.View, on linkspan.ChassisID, key view.Key) Set {
	e := v.Endpoint(key)
	if e == nil || !e.Attached() || e.Chassis != on {
		return Set{}
	}
	return attachedIn(v, e)
}

// attachedIn returns the static part of an attached endpoint.
func attachedIn(v *view.View, e *linkspan.Endpoint) Set {
	s := ofEndpoint(e)
	s.add(ofBridged(e))
	s.add(ofPassage(v.Network(e.Network), e))
	return s
}

// networkIn returns the static part of a network, empty when it has no
// endpoint on the chassis.
func networkIn(v *view.View, on linkspan.ChassisID, id linkspan.NetworkID) Set {
	n := v.Network(id)
	if n == nil || !v.Member(id, on) {
		return Set{}
	}
	return ofNetwork(v, n)
}

// changedEndpoints returns the keys of a chassis's endpoints that changed, or whose
// network did in what their flows show.
func changedEndpoints(v *view.View, d *view.Delta, on linkspan.ChassisID) map[view.Key]bool {
	keys := make(map[view.Key]bool)
	for _, c := range d.Endpoints {
		if touches(c.Old, on) || touches(c.New, on) {
			keys[view.KeyOf(c.Any())] = true
		}
	}
	for _, c := range d.Networks {
		if samePassage(c.Old, c.New) {
			continue
		}
		for e := range v.Attached(on) {
			if e.Network == c.Any().ID {
				keys[view.KeyOf(e)] = true
			}
		}
	}
	return keys
}

func touches(e *linkspan.Endpoint, on linkspan.ChassisID) bool { return e != nil && e.Chassis == on }

// changedNetworks returns the networks that changed, began or ceased to overlap
// others, or came to the chassis or left it.
func changedNetworks(d *view.Delta, on linkspan.ChassisID) []linkspan.NetworkID {
	ids := slices.Clone(d.Overlaps)
	for _, c := range d.Networks {
		ids = append(ids, c.Any().ID)
	}
	for _, p := range d.Presence {
		if p.Chassis == on {
			ids = append(ids, p.Network)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// subtract takes from put what gone has just so, and from gone what put
// replaces.
func subtract(put, gone Set) (Set, Set) {
	slices.SortFunc(put.Flows, func(a, b Flow) int { return a.compare(&b) })
	slices.SortFunc(gone.Flows, func(a, b Flow) int { return a.compare(&b) })
	in := func(list []Flow, f *Flow) *Flow {
		i, ok := slices.BinarySearchFunc(list, f, func(a Flow, b *Flow) int { return a.compare(b) })
		if !ok {
			return nil
		}
		return &list[i]
	}
	var p, g Set
	for i := range put.Flows {
		if old := in(gone.Flows, &put.Flows[i]); old == nil || !old.same(&put.Flows[i]) {
			p.Flows = append(p.Flows, put.Flows[i])
		}
	}
	for i := range gone.Flows {
		if in(put.Flows, &gone.Flows[i]) == nil {
			g.Flows = append(g.Flows, gone.Flows[i])
		}
	}
	p.Meters = without(put.Meters, func(m Meter) bool { return slices.Contains(gone.Meters, m) })
	g.Meters = without(gone.Meters, func(m Meter) bool {
		return slices.ContainsFunc(put.Meters, func(o Meter) bool { return o.ID == m.ID })
	})
	return p, g
}

// Without returns a set without the flows that another one has just so.
func (s Set) Without(o Set) Set {
	s.Flows = slices.DeleteFunc(slices.Clone(s.Flows), func(f Flow) bool {
		return slices.ContainsFunc(o.Flows, func(p Flow) bool { return p.compare(&f) == 0 && p.same(&f) })
	})
	return s
}

func without(list []Meter, drop func(Meter) bool) []Meter {
	return slices.DeleteFunc(slices.Clone(list), drop)
}
