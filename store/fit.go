// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"

	"github.com/linkspan/linkspan"
)

// Fits says why a group that was old before could not be stored as g is, beside all
// groups and networks there are. It stores nothing.
func Fits(g, old linkspan.Group, groups []linkspan.Group, networks []linkspan.Network) error {
	if err := g.Validate(); err != nil {
		return err
	}
	return fit(g, old, groups, networks)
}

// fit says why a group cannot be as g is, which was old before: an address must be
// that of one endpoint for each network of it. groups and networks are all that
// are stored. The first reason found is told, by the names of networks.
func fit(g, old linkspan.Group, groups []linkspan.Group, networks []linkspan.Network) error {
	by := make(map[linkspan.NetworkID]*linkspan.Network, len(networks))
	for i := range networks {
		by[networks[i].ID] = &networks[i]
	}
	var members []*linkspan.Network
	for _, id := range g.Networks {
		n := by[id]
		if n == nil && old.Has(id) { // it is going
			continue
		}
		if err := mayJoin(n, id, old.Has(id)); err != nil {
			return err
		}
		members = append(members, n)
	}
	for i, n := range members {
		for _, o := range members[:i] {
			if n.Overlaps(o) {
				return overlapping(g.Name, o, n, "")
			}
		}
	}
	return fitElsewhere(&g, members, groups, by)
}

// fitElsewhere says which network of the group overlaps one that another network
// of it reaches by another group.
func fitElsewhere(g *linkspan.Group, members []*linkspan.Network, groups []linkspan.Group, by map[linkspan.NetworkID]*linkspan.Network) error {
	for i := range groups {
		other := &groups[i]
		if other.Name == g.Name {
			continue
		}
		for _, shared := range members {
			if !other.Has(shared.ID) {
				continue
			}
			for _, id := range other.Networks {
				reached := by[id]
				for _, n := range members {
					if reached != nil && n.ID != id && n.Overlaps(reached) {
						return overlapping(g.Name, n, reached, fmt.Sprintf(", which %s reaches by group %s", shared.Name, other.Name))
					}
				}
			}
		}
	}
	return nil
}

// mayJoin says why a network cannot be in a group.
func mayJoin(n *linkspan.Network, id linkspan.NetworkID, already bool) error {
	switch {
	case n == nil:
		return &linkspan.Error{Code: linkspan.NotFound, Message: "network " + id.String() + " not found", Hint: "linkspan network ls shows those that do exist"}
	case already:
		return nil
	case n.Removing:
		return beingRemoved(n)
	case !n.Driver.Routed():
		return &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("network %s is of driver %s, whose packets go through the kernel alone: no route can lead to another network", n.Name, n.Driver),
			Hint:    "make a network of driver linkspan, or of linkspan-bridge on one host, instead",
		}
	case n.Internal:
		return &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: "network " + n.Name + " is internal: its containers have no way out of it",
			Hint:    "make the network without --internal; without a group, nobody but its own containers reaches it",
		}
	}
	return nil
}

func beingRemoved(n *linkspan.Network) error {
	return &linkspan.Error{Code: linkspan.Conflict, Message: "network " + n.Name + " is being removed", Hint: "try again"}
}

func overlapping(group string, n, o *linkspan.Network, why string) error {
	return &linkspan.Error{
		Code:    linkspan.Invalid,
		Message: fmt.Sprintf("networks %s (%s) and %s (%s) cannot be in reach of one group, %s: their addresses overlap%s", n.Name, n.SubnetText(), o.Name, o.SubnetText(), group, why),
		Hint:    "give one of them another subnet",
	}
}
