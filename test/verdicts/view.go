// SPDX-License-Identifier: Apache-2.0

package verdicts

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// View returns the world as it is in a scene, as a controller would know it.
func (t *Table) View(s *Scene) *view.View {
	var changes []view.Change
	hosts := t.Hosts()
	for i, name := range hosts {
		changes = append(changes, view.PutChassis(&linkspan.Chassis{ID: linkspan.ChassisID(i + 1), Name: name}))
	}
	for i := range t.Networks {
		n := linkspan.Network{ID: t.network(t.Networks[i].Name), Name: t.Networks[i].Name, Subnet: t.Networks[i].Subnet}
		if host, there := There(n.Name); host != "" {
			n.Driver, n.Chassis, n.Local = linkspan.Bridge, linkspan.ChassisID(1+slices.Index(hosts, host)), there
		}
		n.ApplyDefaults()
		if n.Driver != linkspan.Bridge || t.joined(s, n.Name) {
			changes = append(changes, view.PutNetwork(&n))
		}
	}
	for i := range t.Containers {
		changes = append(changes, t.attached(i, hosts))
	}
	for _, g := range s.Groups {
		group := linkspan.Group{Name: g.Name}
		for _, name := range g.Networks {
			group = group.With(t.network(name))
		}
		changes = append(changes, view.PutGroup(&group))
	}
	for _, l := range s.Links {
		link := linkspan.LinkOf(t.linkEnd(l.A, hosts), t.linkEnd(l.B, hosts), l.Verdict)
		changes = append(changes, view.PutLink(&link))
	}
	for i := range s.Policies {
		p := s.Policies[i]
		p.ID = linkspan.PolicyID(i + 1)
		changes = append(changes, view.PutPolicy(&p))
	}
	v, _ := new(view.View).Apply(changes...)
	return v
}

// Hosts returns the names of the hosts, in order.
func (t *Table) Hosts() (names []string) {
	for i := range t.Containers {
		names = append(names, t.Containers[i].Host)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Key returns where a View has the endpoint of a container.
func (t *Table) Key(c *Container) view.Key {
	return view.Key{Network: t.network(c.Network), Address: c.Address}
}

func (t *Table) network(name string) linkspan.NetworkID {
	return linkspan.NetworkID(1 + slices.IndexFunc(t.Networks, func(n Network) bool { return n.Name == name }))
}

// joined says whether a scene speaks of a bridge: by a group that it is in, or by a link
// of a container on it.
func (t *Table) joined(s *Scene, network string) bool {
	return slices.ContainsFunc(s.Groups, func(g Group) bool { return slices.Contains(g.Networks, network) }) ||
		slices.ContainsFunc(s.Links, func(l Link) bool {
			return t.Container(l.A).Network == network || t.Container(l.B).Network == network
		})
}

// attached is a container's attachment as its host tells of it.
func (t *Table) attached(i int, hosts []string) view.Change {
	c := &t.Containers[i]
	if host, there := There(c.Network); host != "" {
		return view.PutLocalEndpoint(&linkspan.LocalEndpoint{
			Chassis: chassis(c, hosts), ID: c.Name, Network: there, Container: c.Name, Address: c.Address, Port: linkspan.MaxPort - uint32(i), Labels: c.Labels,
		})
	}
	return view.PutEndpoint(&linkspan.Endpoint{
		Network: t.network(c.Network), Address: c.Address, Chassis: chassis(c, hosts), Port: uint32(10 + i),
		MAC: linkspan.MAC{2, 0, 0, 0, 0, byte(i)}, Container: c.Name, Labels: c.Labels,
	})
}

func chassis(c *Container, hosts []string) linkspan.ChassisID {
	return linkspan.ChassisID(1 + slices.Index(hosts, c.Host))
}

func (t *Table) linkEnd(name string, hosts []string) linkspan.LinkEnd {
	return linkspan.LinkEnd{Chassis: chassis(t.Container(name), hosts), Container: name}
}
