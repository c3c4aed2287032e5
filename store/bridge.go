// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// JoinBridge gives a network of one host, as linkspan.Bridged returns it, a record and
// a number among those of the fabric, or returns the record that it has. One that its
// chassis does not have, or has no more, has code NotFound.
func (s *Store) JoinBridge(ctx context.Context, b linkspan.Network) (linkspan.Network, error) {
	n, err := s.NetworkByName(ctx, b.Name)
	if err == nil && !sameBridge(&n, &b) { // of a network that went, and came again with another id
		if there, err := s.hasLocal(ctx, &n); err != nil {
			return linkspan.Network{}, err
		} else if there && n.Local != b.Local {
			return linkspan.Network{}, &linkspan.Error{
				Code: linkspan.Conflict, Message: "two networks of its host are called " + b.Name + ": " + n.Local + " and " + b.Local,
				Hint: "give one of them another name",
			}
		}
		if err := s.RemoveNetwork(ctx, n.ID); err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
			return linkspan.Network{}, err
		}
	} else if linkspan.CodeOf(err) != linkspan.NotFound {
		return n, err
	}
	n, err = s.CreateNetwork(ctx, b)
	if linkspan.CodeOf(err) == linkspan.Exists && sameBridge(&n, &b) { // somebody else was faster
		err = nil
	}
	if err != nil {
		return linkspan.Network{}, err
	}
	if there, err := s.hasLocal(ctx, &n); err != nil || there {
		return n, err
	}
	gone := &linkspan.Error{Code: linkspan.NotFound, Message: "network " + n.Name + " is gone", Hint: "linkspan network ls --all shows those that there are"}
	return linkspan.Network{}, errors.Join(gone, s.RemoveNetwork(ctx, n.ID))
}

// sameBridge says whether a record is for a network of one host as it is.
func sameBridge(n, b *linkspan.Network) bool {
	return n.Chassis == b.Chassis && n.Local == b.Local && n.Subnet == b.Subnet && n.Gateway == b.Gateway && !n.Removing
}

// LocalNetwork returns a network that a chassis tells of as its own; one that it does not
// tell of has code NotFound.
func (s *Store) LocalNetwork(ctx context.Context, on linkspan.ChassisID, id string) (linkspan.LocalNetwork, error) {
	n, _, err := get[linkspan.LocalNetwork](ctx, s, localNetworkKey(on, id), "network "+id)
	return n, err
}

// hasLocal says whether the chassis of a joined network still tells of it.
func (s *Store) hasLocal(ctx context.Context, n *linkspan.Network) (bool, error) {
	_, err := s.kv.Get(ctx, localNetworkKey(n.Chassis, n.Local))
	if errors.Is(err, kv.ErrNotFound) {
		return false, nil
	}
	return err == nil, fault("look for network "+n.Name, err)
}

// PartBridges removes the records of networks of single hosts that are gone there, and
// of those that are in no group, named by no policy, and of which no link can be about
// an endpoint: to the fabric their addresses are nobody's again. It is to be called when
// any of these goes.
func (s *Store) PartBridges(ctx context.Context) error {
	networks, err := s.Networks(ctx)
	if err != nil {
		return err
	}
	networks = slices.DeleteFunc(networks, func(n linkspan.Network) bool { return n.Driver != linkspan.Bridge })
	if len(networks) == 0 {
		return nil
	}
	used, err := s.bridgeUse(ctx)
	if err != nil {
		return err
	}
	for i := range networks {
		n := &networks[i]
		there, err := s.hasLocal(ctx, n)
		if err != nil {
			return err
		}
		if there && used(n) {
			continue
		}
		if err := s.RemoveNetwork(ctx, n.ID); err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
			return err
		}
	}
	return nil
}

// bridgeUse returns what says whether anything speaks of a joined network.
func (s *Store) bridgeUse(ctx context.Context) (used func(*linkspan.Network) bool, err error) {
	groups, err := s.Groups(ctx)
	if err != nil {
		return nil, err
	}
	links, err := s.Links(ctx)
	if err != nil {
		return nil, err
	}
	policies, err := s.Policies(ctx)
	if err != nil {
		return nil, err
	}
	return func(n *linkspan.Network) bool {
		linked := func(e linkspan.LinkEnd) bool {
			return e.Network == n.ID || e.Network == 0 && e.Chassis == n.Chassis
		}
		named := func(s linkspan.Selector) bool { return s.Network == n.Name }
		return slices.ContainsFunc(groups, func(g linkspan.Group) bool { return g.Has(n.ID) }) ||
			slices.ContainsFunc(links, func(l linkspan.Link) bool { return linked(l.A) || linked(l.B) }) ||
			slices.ContainsFunc(policies, func(p linkspan.Policy) bool {
				return slices.ContainsFunc(p.From, named) || slices.ContainsFunc(p.To, named)
			})
	}, nil
}
