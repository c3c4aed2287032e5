// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
)

// localChange is a change of what a switch told of its own networks.
func localChange(c store.Change) view.Change {
	switch {
	case c.LocalNetwork != nil && c.Removed:
		return view.RemoveLocalNetwork(c.LocalNetwork.Chassis, c.LocalNetwork.ID)
	case c.LocalNetwork != nil:
		return view.PutLocalNetwork(c.LocalNetwork)
	case c.Removed:
		return view.RemoveLocalEndpoint(c.LocalEndpoint.Chassis, c.LocalEndpoint.ID)
	}
	return view.PutLocalEndpoint(c.LocalEndpoint)
}

// localsGone are the changes that take out of v what all does not say of the
// switches' own networks.
func localsGone(v *view.View, all []store.Change) []view.Change {
	type key struct {
		on linkspan.ChassisID
		id string
	}
	networks, endpoints := make(map[key]bool), make(map[key]bool)
	for _, c := range all {
		switch {
		case c.LocalNetwork != nil:
			networks[key{c.LocalNetwork.Chassis, c.LocalNetwork.ID}] = true
		case c.LocalEndpoint != nil:
			endpoints[key{c.LocalEndpoint.Chassis, c.LocalEndpoint.ID}] = true
		}
	}
	var out []view.Change
	for on := range v.LocalHosts() {
		for n := range v.LocalNetworks(on) {
			if !networks[key{on, n.ID}] {
				out = append(out, view.RemoveLocalNetwork(on, n.ID))
			}
		}
		for e := range v.LocalEndpoints(on) {
			if !endpoints[key{on, e.ID}] {
				out = append(out, view.RemoveLocalEndpoint(on, e.ID))
			}
		}
	}
	return out
}
