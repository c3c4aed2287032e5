// SPDX-License-Identifier: Apache-2.0

package view

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Change is one record put into a View or removed from it. The zero Change
// changes nothing.
type Change struct{ apply func(*builder) }

// PutNetwork adds a network or replaces the one of its number. The record
// belongs to the View from now on.
func PutNetwork(n *linkspan.Network) Change {
	return Change{func(b *builder) { b.putNetwork(n) }}
}

// RemoveNetwork removes a network; there need not be one.
func RemoveNetwork(id linkspan.NetworkID) Change {
	return Change{func(b *builder) { b.removeNetwork(id) }}
}

// PutEndpoint adds an endpoint or replaces the one of its network and address.
// The record belongs to the View from now on. A port of a chassis has one
// endpoint: another that had it, and was reserved before, loses it.
func PutEndpoint(e *linkspan.Endpoint) Change {
	return Change{func(b *builder) { b.setEndpoint(KeyOf(e), b.settle(e)) }}
}

// RemoveEndpoint removes an endpoint; there need not be one.
func RemoveEndpoint(network linkspan.NetworkID, address netip.Addr) Change {
	return Change{func(b *builder) { b.setEndpoint(Key{network, address}, nil) }}
}

// PutChassis adds a chassis or replaces the one of its number. The record
// belongs to the View from now on.
func PutChassis(c *linkspan.Chassis) Change {
	return Change{func(b *builder) { b.putChassis(c) }}
}

// RemoveChassis removes a chassis; there need not be one.
func RemoveChassis(id linkspan.ChassisID) Change {
	return Change{func(b *builder) { b.removeChassis(id) }}
}

// PutPaths replaces the direct paths that a chassis has proved. The record
// belongs to the View from now on.
func PutPaths(p *linkspan.Paths) Change {
	return Change{func(b *builder) { b.setPaths(p.From, p) }}
}

// RemovePaths removes all paths that a chassis has proved; there need be none.
func RemovePaths(from linkspan.ChassisID) Change {
	return Change{func(b *builder) { b.setPaths(from, nil) }}
}

// PutClearance allows traffic between two sites in clear text. The record
// belongs to the View from now on.
func PutClearance(c *linkspan.Clearance) Change {
	return Change{func(b *builder) { b.setClearance(sitesOf(c.A, c.B), c) }}
}

// RemoveClearance takes it back; there need not be one.
func RemoveClearance(a, b string) Change {
	return Change{func(v *builder) { v.setClearance(sitesOf(a, b), nil) }}
}

// PutGroup adds a group or replaces the one of its name. The record belongs to the
// View from now on.
func PutGroup(g *linkspan.Group) Change {
	return Change{func(b *builder) { b.setGroup(g.Name, g) }}
}

// RemoveGroup removes a group; there need not be one.
func RemoveGroup(name string) Change {
	return Change{func(b *builder) { b.setGroup(name, nil) }}
}

// PutLink adds a link or replaces the one between its ends. The record belongs to
// the View from now on.
func PutLink(l *linkspan.Link) Change {
	return Change{func(b *builder) { b.setLink(keyOfLink(l), l) }}
}

// RemoveLink removes the link between two ends, which are in order; there need not
// be one.
func RemoveLink(a, b linkspan.LinkEnd) Change {
	return Change{func(v *builder) { v.setLink(linkKey{a, b}, nil) }}
}

// PutPolicy adds a policy or replaces the one of its number. The record belongs
// to the View from now on.
func PutPolicy(p *linkspan.Policy) Change {
	return Change{func(b *builder) { b.setPolicy(p.ID, p) }}
}

// RemovePolicy removes a policy; there need not be one.
func RemovePolicy(id linkspan.PolicyID) Change {
	return Change{func(b *builder) { b.setPolicy(id, nil) }}
}
