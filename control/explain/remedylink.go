// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// linkRemedies takes a link back that disconnects the two, and connects them.
func linkRemedies(v *view.View, q *Question, a *Answer) (list []Remedy) {
	from, to := q.From.Endpoint, target(q, a)
	if from == nil || to == nil || from.Container == "" || to.Container == "" {
		return nil
	}
	l := linkspan.LinkOf(endOf(v, from), endOf(v, to), linkspan.LinkAllow)
	if a.code == decide.LinkDenies && a.Link != nil {
		list = append(list, Remedy{
			Commands: []string{"linkspan link clear " + LinkEnds(v, a.Link)}, Opens: "what policies, networks and groups allow between the two",
			changes: []view.Change{view.RemoveLink(a.Link.A, a.Link.B)},
		})
		l.A, l.B = a.Link.A, a.Link.B
	}
	return append(list, Remedy{
		Commands: []string{"linkspan connect " + LinkEnds(v, &l)}, Opens: "all between the two containers, in both directions",
		changes: []view.Change{view.PutLink(&l)}, link: &l,
	})
}

// target is the endpoint that is meant: who was named, else who was found.
func target(q *Question, a *Answer) *linkspan.Endpoint {
	if q.To.Endpoint != nil {
		return q.To.Endpoint
	}
	return a.To
}

// endOf is a container as the end of a link: by that network alone, if it has others.
func endOf(v *view.View, e *linkspan.Endpoint) linkspan.LinkEnd {
	end := linkspan.LinkEnd{Chassis: e.Chassis, Container: e.Container}
	for o := range v.Covered(end) {
		if o.Network != e.Network {
			end.Network = e.Network
		}
	}
	return end
}

// groupRemedy brings the networks of the two into one group: one of a group that there
// is, else a new one.
func groupRemedy(v *view.View, q *Question) (list []Remedy) {
	if q.From.Endpoint == nil || q.To.Endpoint == nil || q.From.Endpoint.Network == q.To.Endpoint.Network {
		return nil
	}
	one, other := v.Network(q.From.Endpoint.Network), v.Network(q.To.Endpoint.Network)
	if one == nil || other == nil || one.Internal || other.Internal { // which groups do not take
		return nil
	}
	opens := "all between all of the two networks"
	for _, ends := range [2][2]*linkspan.Network{{one, other}, {other, one}} {
		for _, g := range v.GroupsOf(ends[0].ID) {
			grown := g.With(ends[1].ID)
			list = append(list, Remedy{
				Commands: []string{"linkspan group add " + g.Name + " " + ends[1].Name}, Opens: opens,
				changes: []view.Change{view.PutGroup(&grown)}, group: &grown,
			})
		}
	}
	g := linkspan.Group{Name: freeName(one.Name+"-"+other.Name, func(name string) bool { return v.Group(name) != nil })}
	g = g.With(one.ID).With(other.ID)
	return append(list, Remedy{
		Commands: []string{"linkspan group create " + g.Name, "linkspan group add " + strings.Join([]string{g.Name, one.Name, other.Name}, " ")},
		Opens:    opens, changes: []view.Change{view.PutGroup(&g)}, group: &g,
	})
}
