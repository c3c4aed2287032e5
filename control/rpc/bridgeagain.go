// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
)

// JoinAgain joins the networks of single hosts to the fabric of which something speaks, and
// that nobody joined while no controller ran. The View must be whole.
func (s *Server) JoinAgain(ctx context.Context) error {
	v := s.hub.View()
	for on := range v.LocalHosts() {
		var have store.Locals
		for n := range v.LocalNetworks(on) {
			have.Networks = append(have.Networks, *n)
		}
		for e := range v.LocalEndpoints(on) {
			have.Endpoints = append(have.Endpoints, *e)
		}
		if err := s.joinAgain(ctx, on, &have); err != nil {
			return err
		}
	}
	return nil
}

// joinAgain joins, of the networks that a chassis tells of, those of which something speaks
// that was said of an earlier one: a link of a container that is there by now, a policy
// that has the network's name.
func (s *Server) joinAgain(ctx context.Context, on linkspan.ChassisID, told *store.Locals) error {
	v := s.hub.View()
	var join []linkspan.LocalNetwork
	for i := range told.Networks {
		if ruled(v, &told.Networks[i]) {
			join = append(join, told.Networks[i])
		}
	}
	for i := range told.Endpoints {
		e := &told.Endpoints[i]
		if !linked(v, on, e.Container) {
			continue
		}
		n, err := s.store.LocalNetwork(ctx, on, e.Network)
		switch {
		case err == nil:
			join = append(join, n)
		case linkspan.CodeOf(err) != linkspan.NotFound: // it goes
			return err
		}
	}
	if len(join) == 0 {
		return nil
	}
	return s.joining(ctx, func() error {
		for i := range join {
			if _, err := s.join(ctx, v, &join[i]); err != nil {
				if !slices.Contains([]linkspan.Code{linkspan.Invalid, linkspan.Conflict, linkspan.NotFound}, linkspan.CodeOf(err)) {
					return err
				}
				s.log.Warn("network does not join the fabric", "switch", v.ChassisName(on), "network", join[i].Name, "error", err)
			}
		}
		return nil
	})
}

// linked says whether a link is about a container of a chassis in whatever network.
func linked(v *view.View, on linkspan.ChassisID, container string) bool {
	whole := linkspan.LinkEnd{Chassis: on, Container: container}
	return container != "" && slices.ContainsFunc(v.LinksOf(&linkspan.Endpoint{Chassis: on, Container: container}), func(l *linkspan.Link) bool {
		return l.A == whole || l.B == whole
	})
}

// ruled says whether a policy has the name of a network of one host.
func ruled(v *view.View, n *linkspan.LocalNetwork) bool {
	name := v.ChassisName(n.Chassis) + "/" + n.Name
	named := func(s linkspan.Selector) bool { return s.Network == name }
	for p := range v.Policies() {
		if slices.ContainsFunc(p.From, named) || slices.ContainsFunc(p.To, named) {
			return true
		}
	}
	return false
}
