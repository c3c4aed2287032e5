// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// Remedy is something to type after which packets pass that do not now.
type Remedy struct {
	Commands []string // in order
	File     string   // of policies, that the commands read from their standard input; empty: none
	Opens    string   // what passes then

	changes []view.Change
	link    *linkspan.Link
	group   *linkspan.Group
}

// Fit says whether something can be stored beside what is; a nil field says that it
// always can.
type Fit struct {
	Link  func(linkspan.Link) error
	Group func(linkspan.Group) error
}

// Remedies returns what can be typed so that the packets of a question pass, that which
// opens least first. Each was tried: in a View in which it has been typed, Ask says
// that they pass. There are none for what passes already, nor for what no word can
// mend.
func Remedies(v *view.View, q Question, fit Fit) (list []Remedy) {
	a := Ask(v, q)
	if a.Verdict == Allowed || a.Verdict == Elsewhere {
		return nil
	}
	candidates := policyRemedy(v, &q, &a)
	candidates = append(candidates, linkRemedies(v, &q, &a)...)
	candidates = append(candidates, groupRemedy(v, &q)...)
	candidates = append(candidates, siteRemedy(v, &q, &a)...)
	for _, r := range candidates {
		if r.fits(fit) && works(v, &q, &r) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		if r, ok := attachRemedy(v, &q); ok {
			list = append(list, r)
		}
	}
	return list
}

func (r *Remedy) fits(fit Fit) bool {
	if r.link != nil && (r.link.Validate() != nil || fit.Link != nil && fit.Link(*r.link) != nil) {
		return false
	}
	return r.group == nil || r.group.Validate() == nil && (fit.Group == nil || fit.Group(*r.group) == nil)
}

// works says whether the packets pass after the changes.
func works(v *view.View, q *Question, r *Remedy) bool {
	after, _ := v.Apply(r.changes...)
	return Ask(after, *q).Verdict == Allowed
}

// siteRemedy lets the sites of the two talk in clear text.
func siteRemedy(v *view.View, q *Question, a *Answer) []Remedy {
	if a.code != decide.SitesApart || q.From.Endpoint == nil || a.To == nil {
		return nil
	}
	one, other := v.Chassis(q.From.Endpoint.Chassis), v.Chassis(a.To.Chassis)
	if one == nil || other == nil {
		return nil
	}
	c := linkspan.ClearanceOf(one.InSite(), other.InSite())
	return []Remedy{{
		Commands: []string{"linkspan site allow-clear " + c.A + " " + c.B},
		Opens:    "all between the hosts of the two sites, in clear text", changes: []view.Change{view.PutClearance(&c)},
	}}
}

// attachRemedy puts the destination's container into the network of the source.
func attachRemedy(v *view.View, q *Question) (r Remedy, ok bool) {
	from, to := q.From.Endpoint, q.To.Endpoint
	if from == nil || to == nil || !from.Attached() || !to.Attached() || to.Container == "" || from.Network == to.Network {
		return r, false
	}
	n := v.Network(from.Network)
	if n.Driver == linkspan.Bridge { // which the other's host need not have
		return r, false
	}
	moved := *to
	moved.Network, moved.Port = from.Network, linkspan.MaxPort
	for moved.Address = n.Subnet.Addr().Next(); v.Endpoint(view.KeyOf(&moved)) != nil; {
		moved.Address = moved.Address.Next()
	}
	if !n.Subnet.Contains(moved.Address) {
		return r, false
	}
	r = Remedy{
		Commands: []string{"docker network connect " + n.Name + " " + to.Container + "   # on " + v.ChassisName(to.Chassis)},
		Opens:    "all between " + to.Container + " and the network, under another address",
		changes:  []view.Change{view.PutEndpoint(&moved)},
	}
	there := *q
	there.To = At(&moved)
	return r, works(v, &there, &r)
}
