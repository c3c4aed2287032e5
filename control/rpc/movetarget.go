// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control/moving"
	"github.com/linkspan/linkspan/control/view"
)

// target finds what a wish names. A container that has just started is waited for.
func (s moveService) target(ctx context.Context, w *apiv1.MoveWish) (t moving.Target, err error) {
	for _, p := range w.GetShared() {
		if !path.IsAbs(p) {
			return t, &linkspan.Error{Code: linkspan.Invalid, Message: "path " + p + " is not absolute"}
		}
	}
	if t.To, err = s.store.ChassisByName(ctx, w.GetTo()); err != nil {
		return t, err
	}
	var all []*apiv1.Endpoint
	var e *apiv1.Endpoint
	err = s.awaited(ctx, func() (_ []view.Key, err error) {
		records, err := s.store.Endpoints(ctx, 0)
		if err == nil {
			all, err = s.endpoints(ctx, 0, 0)
		}
		if err == nil {
			e, err = theContainer(all, w.GetEndpoint())
		}
		return nameless(records, s.now()), err
	}, w.GetEndpoint())
	if err != nil {
		return t, err
	}
	if t.From, err = s.store.ChassisByName(ctx, e.GetChassis()); err != nil {
		return t, err
	}
	t.Container, t.Endpoint, t.Leave, t.Shared, t.Actor = e.GetContainer(), e.GetId(), w.GetLeaveChanges(), w.GetShared(), callerOf(ctx).String()
	t.Bears = bears(all, e)
	return t, nil
}

// bears is all that a container may have: what its host has that is known to be its, or
// not yet known whose it is.
func bears(all []*apiv1.Endpoint, of *apiv1.Endpoint) (list []*apiv1.MoveAddress) {
	for _, e := range all {
		if e.GetChassis() == of.GetChassis() && (e.GetContainer() == of.GetContainer() || e.GetContainer() == "") {
			list = append(list, &apiv1.MoveAddress{Network: e.GetNetworkName(), Address: e.GetAddress(), Address6: e.GetAddress6(), Mac: e.GetMac()})
		}
	}
	return list
}

// theContainer returns an endpoint of the one container that a name means, in a network
// of the fabric. One container may have several.
func theContainer(all []*apiv1.Endpoint, name string) (*apiv1.Endpoint, error) {
	found, err := called(all, name)
	var one []*apiv1.Endpoint // endpoint of each container
	for _, e := range found {
		same := func(o *apiv1.Endpoint) bool {
			return o.GetChassis() == e.GetChassis() && o.GetContainer() == e.GetContainer()
		}
		if e.GetContainer() != "" && e.GetId() != "" && !slices.ContainsFunc(one, same) {
			one = append(one, e)
		}
	}
	switch {
	case len(one) == 1:
		return one[0], nil
	case len(one) > 1:
		return nil, ambiguous(name, one)
	case err != nil:
		return nil, err
	}
	return nil, notThere(name)
}

// underWay finds the move that a wish is about, if there is one: in the middle its
// container may have no endpoint. Another container of that name, which is not being
// moved, has code Conflict where the wish does not say which host is meant.
func (s moveService) underWay(ctx context.Context, w *apiv1.MoveWish) (*moving.Drive, error) {
	name, err := linkspan.ParseEndpointName(w.GetEndpoint())
	if err != nil {
		return nil, nil //nolint:nilerr // who resolves it says so, unless it is an address
	}
	found := s.mover.UnderWay(name.Chassis, name.Container)
	if whole := name.Whole(); whole != name {
		found = append(found, s.mover.UnderWay(whole.Chassis, whole.Container)...)
	}
	if len(found) == 0 {
		return nil, nil
	}
	all, err := s.endpoints(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	candidates := make([]string, 0, len(found))
	for _, d := range found {
		candidates = append(candidates, d.Subject()+", which is being moved")
	}
	e, err := theContainer(all, w.GetEndpoint())
	switch of := func(d *moving.Drive) bool { return d.Is(e.GetChassis(), e.GetContainer()) }; {
	case err == nil && slices.ContainsFunc(found, of):
		found = slices.DeleteFunc(found, func(d *moving.Drive) bool { return !of(d) })
	case err == nil && name.Chassis != "":
		return nil, nil // the other reading of a name with a dot is the one being moved
	case err == nil:
		candidates = append(candidates, e.GetChassis()+"/"+e.GetContainer())
		found = nil
	case linkspan.CodeOf(err) != linkspan.NotFound:
		return nil, err
	}
	if len(found) == 1 {
		return found[0], found[0].Toward(w.GetTo())
	}
	slices.Sort(candidates)
	return nil, &linkspan.Error{
		Code: linkspan.Conflict, Message: "container " + w.GetEndpoint() + " may be any of " + strings.Join(candidates, ", "),
		Hint: "name one as switch/container",
	}
}
