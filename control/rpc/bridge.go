// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/view"
)

// joinBridge joins the network of one host that a person means to the fabric, which
// does not have it by that name; unknown is the error where no host has it either.
func (s *Server) joinBridge(ctx context.Context, name string, unknown error) (linkspan.Network, error) {
	v := s.hub.View()
	found := localNetworks(v, name, 0)
	switch len(found) {
	case 0:
		return linkspan.Network{}, unknown
	case 1:
		return s.join(ctx, v, found[0])
	}
	candidates := make([]string, len(found))
	for i, n := range found {
		candidates[i] = v.ChassisName(n.Chassis) + "/" + n.Name
	}
	return linkspan.Network{}, &linkspan.Error{
		Code: linkspan.Conflict, Message: "network " + name + " may be any of " + strings.Join(candidates, ", "), Hint: "name one with its switch",
	}
}

func (s *Server) join(ctx context.Context, v *view.View, n *linkspan.LocalNetwork) (linkspan.Network, error) {
	b, err := linkspan.Bridged(n, v.ChassisName(n.Chassis))
	if err != nil {
		return linkspan.Network{}, err
	}
	b.Creator = callerOf(ctx).String()
	return s.store.JoinBridge(ctx, b)
}

// joining does what may join networks of single hosts to the fabric, and speak of them:
// none is parted between the two. After an error those are that joined for nothing.
func (s *Server) joining(ctx context.Context, do func() error) error {
	err := func() error {
		s.bridges.RLock()
		defer s.bridges.RUnlock()
		return do()
	}()
	if err != nil {
		return s.parting(ctx, err)
	}
	return nil
}

// parting removes from the fabric the networks of single hosts of which nothing speaks
// any more, after something went or, with err, did not come. It returns err, or why
// they could not be removed.
func (s *Server) parting(ctx context.Context, err error) error {
	parted := s.Part(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	return parted
}

// Part removes from the fabric the networks of single hosts of which nothing speaks at this
// moment.
func (s *Server) Part(ctx context.Context) error {
	s.bridges.Lock()
	defer s.bridges.Unlock()
	return s.store.PartBridges(ctx)
}

// joinContainers joins the networks of single hosts in which containers are that go by
// one of two names, as far as routes can lead from them; it says whether there are any.
func (s *Server) joinContainers(ctx context.Context, names ...string) (some bool, err error) {
	v := s.hub.View()
	for _, name := range names {
		parsed, err := linkspan.ParseEndpointName(name)
		if err != nil {
			return some, err
		}
		for _, n := range localNetworks(v, "", 0) {
			if !contains(v, n, parsed) && !contains(v, n, parsed.Whole()) {
				continue
			}
			switch _, err := s.join(ctx, v, n); {
			case err == nil:
				some = true
			case linkspan.CodeOf(err) != linkspan.Invalid: // which is for whoever names it
				return some, err
			}
		}
	}
	return some, nil
}

// contains says whether a container of that name is in a network of one host.
func contains(v *view.View, n *linkspan.LocalNetwork, name linkspan.EndpointName) bool {
	if name.Chassis != "" && name.Chassis != v.ChassisName(n.Chassis) || name.Network != "" && name.Network != n.Name {
		return false
	}
	for e := range v.LocalMembers(n.Chassis, n.ID) {
		if e.Container == name.Container {
			return true
		}
	}
	return false
}

// bridged returns the endpoints of networks of single hosts that are joined, as they
// are known now: their records are those of the hosts.
func bridged(v *view.View, networks []linkspan.Network) (found []linkspan.Endpoint) {
	for i := range networks {
		n := &networks[i]
		if n.Driver != linkspan.Bridge {
			continue
		}
		for e := range v.LocalMembers(n.Chassis, n.Local) {
			if e := linkspan.OnBridge(n, e); e != nil {
				found = append(found, *e)
			}
		}
	}
	return found
}

// bridges adds where the networks lead that the chassis has alone, if that is not what
// it was told last; it says whether it did.
func (f *follower) bridges(v *view.View, m *apiv1.ChassisServiceFollowResponse) bool {
	if reaching := v.Reaching(); f.reaching == nil || reaching.Alters(*f.reaching) {
		f.reaching = &reaching
	} else {
		return false
	}
	var now []*apiv1.Bridge
	for n := range v.Bridged(f.id) {
		b := &apiv1.Bridge{Network: n.Local}
		for _, p := range v.Reach(n) {
			b.Subnets = append(b.Subnets, p.String())
		}
		now = append(now, b)
	}
	slices.SortFunc(now, func(a, b *apiv1.Bridge) int { return strings.Compare(a.GetNetwork(), b.GetNetwork()) })
	if slices.EqualFunc(f.led, now, func(a, b *apiv1.Bridge) bool {
		return a.GetNetwork() == b.GetNetwork() && slices.Equal(a.GetSubnets(), b.GetSubnets())
	}) {
		return false
	}
	f.led, m.Bridges = now, &apiv1.Bridges{Networks: now}
	return true
}
