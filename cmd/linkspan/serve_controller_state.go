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
		}
	}
	return out
}

// replacing are the changes that make of v what all says, and no more.
func replacing(v *view.View, all []store.Change) []view.Change {
	out := viewChanges(all)
	networks := make(map[linkspan.NetworkID]bool)
	endpoints := make(map[view.Key]bool)
	chassis := make(map[linkspan.ChassisID]bool)
	paths := make(map[linkspan.ChassisID]bool)
	clear := make(map[[2]string]bool)
	for _, c := range all {
		switch {
		case c.Network != nil:
			networks[c.Network.ID] = true
		case c.Endpoint != nil:
			endpoints[view.KeyOf(c.Endpoint)] = true
		case c.Chassis != nil:
			chassis[c.Chassis.ID] = true
		case c.Paths != nil:
			paths[c.Paths.From] = true
		case c.Clearance != nil:
			clear[[2]string{c.Clearance.A, c.Clearance.B}] = true
		}
	}
	for e := range v.Endpoints() {
		if !endpoints[view.KeyOf(e)] {
			out = append(out, view.RemoveEndpoint(e.Network, e.Address))
		}
	}
	for n := range v.Networks() {
		if !networks[n.ID] {
			out = append(out, view.RemoveNetwork(n.ID))
		}
	}
	for c := range v.AllChassis() {
		if !chassis[c.ID] {
			out = append(out, view.RemoveChassis(c.ID))
		}
		if !paths[c.ID] {
			out = append(out, view.RemovePaths(c.ID))
		}
	}
	for c := range v.Clearances() {
		if !clear[[2]string{c.A, c.B}] {
			out = append(out, view.RemoveClearance(c.A, c.B))
		}
	}
	return append(out, localsGone(v, all)...)
}
