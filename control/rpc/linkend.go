// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// linkable is what links are about, as it is stored now.
type linkable struct {
	base      *view.View // which may lag behind
	names     names
	endpoints []linkspan.Endpoint
	groups    []linkspan.Group
	links     []linkspan.Link
}

func (s *Server) linkable(ctx context.Context) (w *linkable, err error) {
	w = &linkable{base: s.hub.View()}
	if w.names, err = s.names(ctx); err != nil {
		return nil, err
	}
	if w.endpoints, err = s.store.Endpoints(ctx, 0); err != nil {
		return nil, err
	}
	if w.groups, err = s.store.Groups(ctx); err != nil {
		return nil, err
	}
	w.links, err = s.store.Links(ctx)
	return w, err
}

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

// nameless says whether there is a container whose name has not come yet.
func (w *linkable) nameless() bool {
	return slices.ContainsFunc(w.endpoints, func(e linkspan.Endpoint) bool { return e.Joined() && e.Container == "" })
}

// means says whether a name as it was read is one for an end.
func (w *linkable) means(n linkspan.EndpointName, e linkspan.LinkEnd) bool {
	return e.Container == n.Container && (n.Chassis == "" || w.names.chassis[e.Chassis] == n.Chassis) &&
		(n.Network == "" || w.names.networks[e.Network] == n.Network)
}

// text names an end in full.
func (w *linkable) text(e linkspan.LinkEnd) string {
	text := w.names.chassis[e.Chassis] + "/" + e.Container
	if e.Network != 0 {
		text += "." + w.names.networks[e.Network]
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

// reachable says why a link could not connect: no endpoint of the one container
// finds one of the other under its address.
func (w *linkable) reachable(l *linkspan.Link) error {
	v := w.view(l)
	var why error
	for a := range v.Covered(l.A) {
		for b := range v.Covered(l.B) {
			if err := w.meet(v, a, b); err == nil {
				return nil
			} else if why == nil {
				why = err
			}
		}
	}
	if why == nil {
		why = &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("%s or %s has no attachment that can be led to another network", w.text(l.A), w.text(l.B)),
			Hint:    "attach both to networks of driver linkspan",
		}
	}
	return why
}

// view is a View of what is stored of the link's ends, of groups and of links, with
// one link more.
func (w *linkable) view(l *linkspan.Link) *view.View {
	var changes []view.Change
	for i := range w.endpoints {
		if e := &w.endpoints[i]; l.A.Covers(e) || l.B.Covers(e) {
			changes = append(changes, view.PutEndpoint(e))
		}
	}
	for i := range w.groups {
		changes = append(changes, view.PutGroup(&w.groups[i]))
	}
	for i := range w.links {
		changes = append(changes, view.PutLink(&w.links[i]))
	}
	v, _ := w.base.Apply(append(changes, view.PutLink(l))...)
	return v
}

// meet says why two endpoints cannot talk, whoever allows it.
func (w *linkable) meet(v *view.View, a, b *linkspan.Endpoint) error {
	if a.Network == b.Network {
		return nil
	}
	for _, e := range []*linkspan.Endpoint{a, b} {
		if n := v.Network(e.Network); n != nil && n.Internal {
			return &linkspan.Error{
				Code:    linkspan.Invalid,
				Message: fmt.Sprintf("%s is in network %s, which is internal: its containers have no way out of it", e.Container, n.Name),
				Hint:    "attach both containers to one network",
			}
		}
	}
	if v.FindEachOther(a, b) {
		return nil
	}
	for _, way := range [2][2]*linkspan.Endpoint{{a, b}, {b, a}} {
		key, sight := v.Find(way[0], way[1].Address)
		if sight == view.Seen && key == view.KeyOf(way[1]) {
			continue
		}
		return &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("addresses overlap: for %s in network %s, %s is %s", way[0].Container, w.names.networks[way[0].Network], way[1].Address, w.seen(v, key, sight, way[0])),
			Hint:    "give one of the networks another subnet, or name the networks by which the containers are to talk, as in linkspan connect a.web b.db",
		}
	}
	return nil
}

// seen says whose an address is.
func (w *linkable) seen(v *view.View, key view.Key, sight view.Sight, from *linkspan.Endpoint) string {
	switch {
	case sight != view.Seen:
		return "that of several containers that links connect it with"
	case key.Network == from.Network:
		return "an address of its own network"
	}
	if e := v.Endpoint(key); e != nil && e.Container != "" {
		return "that of " + e.Container + " in network " + w.names.networks[key.Network]
	}
	return "an address of network " + w.names.networks[key.Network]
}
