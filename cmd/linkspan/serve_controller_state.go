// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
)

// viewChanges are the changes of the store as the View takes them.
func viewChanges(changes []store.Change) []view.Change {
	out := make([]view.Change, 0, len(changes))
	for _, c := range changes {
		switch {
		case c.LocalNetwork != nil || c.LocalEndpoint != nil:
			out = append(out, localChange(c))
		case c.Network != nil && c.Removed:
			out = append(out, view.RemoveNetwork(c.Network.ID))
		case c.Network != nil:
			out = append(out, view.PutNetwork(c.Network))
		case c.Endpoint != nil && c.Removed:
			out = append(out, view.RemoveEndpoint(c.Endpoint.Network, c.Endpoint.Address))
		case c.Endpoint != nil:
			out = append(out, view.PutEndpoint(c.Endpoint))
		case c.Chassis != nil && c.Removed:
			out = append(out, view.RemoveChassis(c.Chassis.ID))
		case c.Chassis != nil:
			out = append(out, view.PutChassis(c.Chassis))
		case c.Paths != nil && c.Removed:
			out = append(out, view.RemovePaths(c.Paths.From))
		case c.Paths != nil:
			out = append(out, view.PutPaths(c.Paths))
		case c.Clearance != nil && c.Removed:
			out = append(out, view.RemoveClearance(c.Clearance.A, c.Clearance.B))
		case c.Clearance != nil:
			out = append(out, view.PutClearance(c.Clearance))
		case c.Group != nil && c.Removed:
			out = append(out, view.RemoveGroup(c.Group.Name))
		case c.Group != nil:
			out = append(out, view.PutGroup(c.Group))
		case c.Link != nil && c.Removed:
			out = append(out, view.RemoveLink(c.Link.A, c.Link.B))
		case c.Link != nil:
			out = append(out, view.PutLink(c.Link))
		case c.Policy != nil && c.Removed:
			out = append(out, view.RemovePolicy(c.Policy.ID))
		case c.Policy != nil:
			out = append(out, view.PutPolicy(c.Policy))
		}
	}
	return out
}

// replacing are the changes that make of v what all says, and no more.
func replacing(v *view.View, all []store.Change) []view.Change {
	out := viewChanges(all)
	have := stockOf(all)
	for e := range v.Endpoints() {
		if e.Driver != linkspan.Bridge && !have.endpoints[view.KeyOf(e)] { // which the View makes of what hosts tell
			out = append(out, view.RemoveEndpoint(e.Network, e.Address))
		}
	}
	for n := range v.Networks() {
		if !have.networks[n.ID] {
			out = append(out, view.RemoveNetwork(n.ID))
		}
	}
	for c := range v.AllChassis() {
		if !have.chassis[c.ID] {
			out = append(out, view.RemoveChassis(c.ID))
		}
		if !have.paths[c.ID] {
			out = append(out, view.RemovePaths(c.ID))
		}
	}
	for c := range v.Clearances() {
		if !have.clear[[2]string{c.A, c.B}] {
			out = append(out, view.RemoveClearance(c.A, c.B))
		}
	}
	for g := range v.Groups() {
		if !have.groups[g.Name] {
			out = append(out, view.RemoveGroup(g.Name))
		}
	}
	for l := range v.Links() {
		if !have.links[[2]linkspan.LinkEnd{l.A, l.B}] {
			out = append(out, view.RemoveLink(l.A, l.B))
		}
	}
	for p := range v.Policies() {
		if !have.policies[p.ID] {
			out = append(out, view.RemovePolicy(p.ID))
		}
	}
	return append(out, localsGone(v, all)...)
}

// stock is what there is of everything.
type stock struct {
	networks  map[linkspan.NetworkID]bool
	endpoints map[view.Key]bool
	chassis   map[linkspan.ChassisID]bool
	paths     map[linkspan.ChassisID]bool
	clear     map[[2]string]bool
	groups    map[string]bool
	links     map[[2]linkspan.LinkEnd]bool
	policies  map[linkspan.PolicyID]bool
}

func stockOf(all []store.Change) stock {
	have := stock{
		networks: make(map[linkspan.NetworkID]bool), endpoints: make(map[view.Key]bool),
		chassis: make(map[linkspan.ChassisID]bool), paths: make(map[linkspan.ChassisID]bool), clear: make(map[[2]string]bool),
		groups: make(map[string]bool), links: make(map[[2]linkspan.LinkEnd]bool),
		policies: make(map[linkspan.PolicyID]bool),
	}
	for _, c := range all {
		switch {
		case c.Network != nil:
			have.networks[c.Network.ID] = true
		case c.Endpoint != nil:
			have.endpoints[view.KeyOf(c.Endpoint)] = true
		case c.Chassis != nil:
			have.chassis[c.Chassis.ID] = true
		case c.Paths != nil:
			have.paths[c.Paths.From] = true
		case c.Clearance != nil:
			have.clear[[2]string{c.Clearance.A, c.Clearance.B}] = true
		case c.Group != nil:
			have.groups[c.Group.Name] = true
		case c.Link != nil:
			have.links[[2]linkspan.LinkEnd{c.Link.A, c.Link.B}] = true
		case c.Policy != nil:
			have.policies[c.Policy.ID] = true
		}
	}
	return have
}
