// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// end finds the one container that a person means, and the network, if it is named.
func (w *linkable) end(name string) (linkspan.LinkEnd, error) {
	parsed, err := linkspan.ParseEndpointName(name)
	if err != nil {
		return linkspan.LinkEnd{}, err
	}
	var found []linkspan.LinkEnd
	var candidates []string
	for i := range w.endpoints {
		e := &w.endpoints[i]
		for _, reading := range []linkspan.EndpointName{parsed, parsed.Whole()} {
			if !e.Joined() || !w.means(reading, linkspan.LinkEnd{Chassis: e.Chassis, Container: e.Container, Network: e.Network}) {
				continue
			}
			end := linkspan.LinkEnd{Chassis: e.Chassis, Container: e.Container}
			if reading.Network != "" {
				end.Network = e.Network
			}
			if !slices.Contains(found, end) {
				found = append(found, end)
				candidates = append(candidates, w.text(end)+" ("+e.Address.String()+")")
			}
			break
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return linkspan.LinkEnd{}, &linkspan.Error{
			Code: linkspan.NotFound, Message: "no running container is named " + name,
			Hint: "linkspan endpoint ls shows those that are",
		}
	}
	slices.Sort(candidates)
	return linkspan.LinkEnd{}, &linkspan.Error{
		Code: linkspan.Conflict, Message: "container " + name + " may be any of " + strings.Join(candidates, ", "),
		Hint: "name one in full, as [chassis/]container[.network]",
	}
}

// means says whether a name as it was read is one for an end.
func (w *linkable) means(n linkspan.EndpointName, e linkspan.LinkEnd) bool {
	return e.Container == n.Container && (n.Chassis == "" || w.names.chassis[e.Chassis] == n.Chassis) &&
		(n.Network == "" || w.called(e.Network, n.Network))
}

// called says whether a network goes by a name: one of a single host also by its name
// there, as the container is named with its host.
func (w *linkable) called(id linkspan.NetworkID, name string) bool {
	n := w.network(id)
	return n != nil && n.Called(name)
}

// network returns a network, or nil.
func (w *linkable) network(id linkspan.NetworkID) *linkspan.Network {
	for i := range w.networks {
		if w.networks[i].ID == id {
			return &w.networks[i]
		}
	}
	return nil
}

// text names an end in full.
func (w *linkable) text(e linkspan.LinkEnd) string {
	text := w.names.chassis[e.Chassis] + "/" + e.Container
	if n := w.network(e.Network); n != nil {
		text += "." + n.NameThere()
	}
	return text
}

// pick finds the one link between two containers, in either order.
func (w *linkable) pick(a, b string) (linkspan.Link, error) {
	isA, err := w.meaning(a)
	if err != nil {
		return linkspan.Link{}, err
	}
	isB, err := w.meaning(b)
	if err != nil {
		return linkspan.Link{}, err
	}
	var found []linkspan.Link
	var candidates []string
	for _, l := range w.links {
		if isA(l.A) && isB(l.B) || isA(l.B) && isB(l.A) {
			found = append(found, l)
			candidates = append(candidates, w.text(l.A)+" "+w.text(l.B))
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return linkspan.Link{}, &linkspan.Error{
			Code: linkspan.NotFound, Message: "there is no link between " + a + " and " + b, Hint: "linkspan link ls shows those that are",
		}
	}
	for _, l := range found { // one that names no network is meant by names without
		if exact := w.text(l.A); (exact == a || exact == b) && (w.text(l.B) == a || w.text(l.B) == b) {
			return l, nil
		}
	}
	return linkspan.Link{}, &linkspan.Error{
		Code: linkspan.Conflict, Message: "the link may be any of " + strings.Join(candidates, ", "),
		Hint: "name both ends in full, as linkspan link ls does",
	}
}

// meaning reads the name of a link's end, in both readings.
func (w *linkable) meaning(name string) (func(linkspan.LinkEnd) bool, error) {
	parsed, err := linkspan.ParseEndpointName(name)
	return func(e linkspan.LinkEnd) bool { return w.means(parsed, e) || w.means(parsed.Whole(), e) }, err
}
