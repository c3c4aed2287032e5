// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// plan says what to do so that dockerd has what the fabric has. It is pure;
// removals come before creations, which may need their names.
func plan(o observed) []action {
	p := planner{
		observed: o,
		fabric:   make(map[linkspan.NetworkID]linkspan.Network, len(o.fabric)),
		shown:    make(map[linkspan.NetworkID]bool),
		names:    make(map[string]bool),
	}
	for _, f := range o.fabric {
		p.fabric[f.ID] = f
	}
	for _, d := range o.byRight() {
		p.judge(d)
	}
	for _, f := range slices.SortedFunc(slices.Values(o.fabric), byID) {
		if !p.shown[f.ID] && !p.names[f.Name] && SwarmID(f) == "" { // a swarm's hosts have theirs from its managers
			p.add(action{verb: verbCreate, fabric: f, restored: p.vanished(f.ID)})
		}
	}
	p.forget()
	return p.actions
}

type planner struct {
	observed
	fabric  map[linkspan.NetworkID]linkspan.Network
	shown   map[linkspan.NetworkID]bool // has its network in dockerd
	names   map[string]bool             // in use by a network in dockerd that stays
	actions []action
}

func (p *planner) add(a action) { p.actions = append(p.actions, a) }

// judge decides about one network of dockerd's; those with a better right to
// its name have been judged before.
func (p *planner) judge(d Network) {
	n, known := p.model[d.ID]
	id, bound := p.claim(d)
	f, exists := p.fabric[id]
	if d.Swarm {
		p.judgeSwarm(d, n, known)
		return
	}
	switch {
	case !known && p.old[d.ID]:
		p.refuse(d, linkspan.NotFound, "the switch on this host has no record of it")
	case !known:
		p.names[d.Name] = true
		p.add(action{verb: verbWait, docker: d})
	case id != 0 && !exists && bound:
		p.add(action{verb: verbRemove, docker: d, why: "network " + id.String() + " was removed from the fabric"})
	case id != 0 && !exists:
		p.refuse(d, linkspan.NotFound, "the fabric has no network "+id.String())
	case id != 0 && f.Name != d.Name:
		p.refuse(d, linkspan.Conflict, fmt.Sprintf("network %s of the fabric is named %s", id, f.Name))
	case p.shown[id] || p.names[d.Name]:
		p.refuse(d, linkspan.Exists, "this host has another network named "+d.Name)
	case bound:
		p.show(d, n, f)
	case id != 0:
		p.believe(d, n, f)
	default:
		p.propose(d, n)
	}
}

// judgeSwarm decides about a network of a swarm, which this host has while it has
// tasks there. Managers list all of them, also those of other drivers.
func (p *planner) judgeSwarm(d Network, n cnm.Network, known bool) {
	if !known {
		return
	}
	p.names[d.Name] = true
	f, exists := p.fabric[n.Fabric]
	switch {
	case !n.Bound():
		p.propose(d, n)
	case exists:
		p.show(d, n, f)
	}
}

// believe takes a label at its word when d is what the fabric has.
func (p *planner) believe(d Network, n cnm.Network, f linkspan.Network) {
	wish, err := wishOf(d, n)
	if err != nil {
		p.refuse(d, linkspan.Invalid, err.Error())
		return
	}
	if why := mismatch(&wish, &f); why != "" {
		p.refuse(d, linkspan.Conflict, why)
		return
	}
	p.show(d, n, f)
}

// show keeps d as the face of f.
func (p *planner) show(d Network, n cnm.Network, f linkspan.Network) {
	p.shown[f.ID], p.names[d.Name] = true, true
	switch {
	case !n.Bound() || n.Name != f.Name || n.MTU != f.MTU || n.Transport != f.Transport || n.Limits != f.Limits:
		p.add(action{verb: verbBind, docker: d, fabric: f})
	case p.notes[f.ID] != d.ID && !d.Swarm:
		p.add(action{verb: verbNote, docker: d, fabric: f})
	}
}

func (p *planner) propose(d Network, n cnm.Network) {
	wish, err := wishOf(d, n)
	if err != nil {
		p.refuse(d, linkspan.Invalid, err.Error())
		return
	}
	p.names[d.Name] = true
	p.add(action{verb: verbPropose, docker: d, fabric: wish})
}

// refuse has a network removed, or, when it is a swarm's, those told who wait.
func (p *planner) refuse(d Network, code linkspan.Code, why string) {
	p.add(action{verb: verbRemove, docker: d, why: why, refusal: &linkspan.Error{Code: code, Message: why}})
}

// forget drops the notes of networks that neither the fabric nor dockerd has.
func (p *planner) forget() {
	for id, dockerID := range p.notes {
		_, exists := p.fabric[id]
		here := slices.ContainsFunc(p.docker, func(d Network) bool { return d.ID == dockerID })
		if !exists && !here {
			p.add(action{verb: verbForget, fabric: linkspan.Network{ID: id}})
		}
	}
	slices.SortStableFunc(p.actions, func(a, b action) int {
		if a.verb != verbForget || b.verb != verbForget {
			return 0
		}
		return byID(a.fabric, b.fabric)
	})
}

// vanished says whether a network was shown here and is not any more, though
// nobody but dockerd's user can have removed it.
func (p *planner) vanished(id linkspan.NetworkID) bool {
	dockerID, before := p.notes[id]
	return before && !slices.ContainsFunc(p.docker, func(d Network) bool { return d.ID == dockerID })
}

func byID(a, b linkspan.Network) int { return cmp.Compare(a.ID, b.ID) }
