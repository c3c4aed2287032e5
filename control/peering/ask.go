// SPDX-License-Identifier: Apache-2.0

package peering

import (
	"iter"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// peers says whether two chassis are peers: they share a network, or were asked for.
// The caller holds mu.
func (p *Peering) peers(a, b linkspan.ChassisID) bool {
	return p.view.Share(a, b) || p.asked[a][b]
}

// peersOf yields the peers of a chassis, each once, in no useful order.
func (p *Peering) peersOf(id linkspan.ChassisID) iter.Seq[linkspan.ChassisID] {
	return func(yield func(linkspan.ChassisID) bool) {
		for other := range p.view.Peers(id) {
			if !yield(other) {
				return
			}
		}
		for other := range p.asked[id] {
			if !p.view.Share(id, other) && !yield(other) {
				return
			}
		}
	}
}

// ask makes peers of two chassis that share no network. It costs a message to each,
// and nothing to the others. It returns false when no route can be between them: what
// the asker read is not so any more.
func (p *Peering) ask(a, b linkspan.ChassisID) bool {
	switch {
	case a == b || p.peers(a, b):
		return true
	case !p.mayBePeers(a, b):
		return false
	}
	for _, side := range [2][2]linkspan.ChassisID{{a, b}, {b, a}} {
		if p.asked[side[0]] == nil {
			p.asked[side[0]] = make(map[linkspan.ChassisID]bool)
		}
		p.asked[side[0]][side[1]] = true
	}
	p.changed(a, b, true)
	return true
}

// mayBePeers says whether two chassis that share no network have a reason to be peers.
func (p *Peering) mayBePeers(a, b linkspan.ChassisID) bool {
	return p.view.Chassis(a) != nil && p.view.Chassis(b) != nil && p.view.MayTalk(a, b)
}

// unask takes that back; they may still share a network.
func (p *Peering) unask(a, b linkspan.ChassisID) {
	for _, side := range [2][2]linkspan.ChassisID{{a, b}, {b, a}} {
		if delete(p.asked[side[0]], side[1]); len(p.asked[side[0]]) == 0 {
			delete(p.asked, side[0])
		}
	}
	if !p.view.Share(a, b) {
		p.changed(a, b, false)
	}
}

// review forgets what was asked for and can be of no use any more: no route can be
// between the two. As long as one can, one may run that nobody hears of.
func (p *Peering) review(d *view.Delta) {
	if len(p.asked) == 0 {
		return
	}
	for pair := range p.doubtful(d) {
		if !p.mayBePeers(pair.A, pair.B) {
			p.unask(pair.A, pair.B)
		}
	}
}

// doubtful returns the pairs that were asked for and of which something changed that
// may have been their reason: of the chassis that lost a network or are gone, of those
// with a network that left a group, and those that a link was between, or an endpoint
// that it named was on; all, when the last policy that allowed something went.
func (p *Peering) doubtful(d *view.Delta) map[view.Pair]bool {
	pairs := make(map[view.Pair]bool)
	all := func(id linkspan.ChassisID) {
		for other := range p.asked[id] {
			pairs[view.PairOf(id, other)] = true
		}
	}
	for _, c := range d.Presence {
		if !c.Present {
			all(c.Chassis)
		}
	}
	for _, c := range d.Chassis {
		if c.New == nil {
			all(c.Old.ID)
		}
	}
	for id := range left(d.Groups) {
		for member := range p.view.Members(id) {
			all(member)
		}
	}
	if slices.ContainsFunc(d.Policies, func(c view.Changed[linkspan.Policy]) bool { return c.Old != nil }) && !p.view.AnyPolicyAllows() {
		for id := range p.asked {
			all(id)
		}
	}
	linked := func(l *linkspan.Link) {
		if p.asked[l.A.Chassis][l.B.Chassis] {
			pairs[view.PairOf(l.A.Chassis, l.B.Chassis)] = true
		}
	}
	for _, c := range d.Links {
		linked(c.Any())
	}
	for _, c := range d.Endpoints {
		if c.Old == nil {
			continue
		}
		for _, l := range p.view.LinksOf(c.Old) {
			linked(l)
		}
	}
	return pairs
}

// left returns the networks that left a group.
func left(groups []view.Changed[linkspan.Group]) map[linkspan.NetworkID]bool {
	networks := make(map[linkspan.NetworkID]bool)
	for _, c := range groups {
		if c.Old == nil {
			continue
		}
		for _, id := range c.Old.Networks {
			if c.New == nil || !c.New.Has(id) {
				networks[id] = true
			}
		}
	}
	return networks
}
