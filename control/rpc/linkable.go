// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// linkable is what links are about, as it is stored now.
type linkable struct {
	base      *view.View // which may lag behind
	names     names
	networks  []linkspan.Network
	endpoints []linkspan.Endpoint
	groups    []linkspan.Group
	links     []linkspan.Link
}

func (s *Server) linkable(ctx context.Context) (w *linkable, err error) {
	w = &linkable{base: s.hub.View()}
	if w.networks, err = s.store.Networks(ctx); err != nil {
		return nil, err
	}
	chassis, err := s.store.AllChassis(ctx)
	if err != nil {
		return nil, err
	}
	w.names = namesOf(w.networks, chassis)
	if w.endpoints, err = s.store.Endpoints(ctx, 0); err != nil {
		return nil, err
	}
	w.endpoints = append(w.endpoints, bridged(w.base, w.networks)...)
	return w, s.reread(ctx, w)
}

// reread reads anew what one change of groups and links after the other depends on.
func (s *Server) reread(ctx context.Context, w *linkable) (err error) {
	if w.groups, err = s.store.Groups(ctx); err != nil {
		return err
	}
	w.links, err = s.store.Links(ctx)
	return err
}

// container is a container by its host and name.
type container struct {
	chassis linkspan.ChassisID
	name    string
}

func containerAt(e linkspan.LinkEnd) container { return container{e.Chassis, e.Container} }

// view is a View of what is stored: all networks, groups and links, the endpoints of
// the containers that these links and one more are about, and all second addresses.
func (w *linkable) view(more *linkspan.Link) *view.View {
	var changes []view.Change
	for g := range w.base.Groups() {
		changes = append(changes, view.RemoveGroup(g.Name))
	}
	for l := range w.base.Links() {
		changes = append(changes, view.RemoveLink(l.A, l.B))
	}
	for i := range w.networks {
		changes = append(changes, view.PutNetwork(&w.networks[i]))
	}
	for i := range w.groups {
		changes = append(changes, view.PutGroup(&w.groups[i]))
	}
	linked := make(map[container]bool)
	if more != nil {
		linked[containerAt(more.A)], linked[containerAt(more.B)] = true, true
	}
	for i := range w.links {
		l := &w.links[i]
		linked[containerAt(l.A)], linked[containerAt(l.B)] = true, true
		changes = append(changes, view.PutLink(l))
	}
	for i := range w.endpoints {
		if e := &w.endpoints[i]; linked[container{e.Chassis, e.Container}] || e.Address.Is6() {
			changes = append(changes, view.PutEndpoint(e))
		}
	}
	v, _ := w.base.Apply(changes...)
	return v
}
