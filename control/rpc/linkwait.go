// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// What is waited for the name of a container that has just started.
const (
	nameLimit  = 5 * time.Second
	nameGlance = 100 * time.Millisecond
	nameYoung  = time.Minute // one that has no name for longer will hardly get it now
)

// awaited calls find until it finds who is asked for, or fails. A container that has just
// started has no name yet, as the driver is not told of it: as long as there is one like
// that, who is not found is waited for. find tells whose names had not come when it
// looked; only when a name that is asked for has come it looks again.
func (s *Server) awaited(ctx context.Context, find func() (nameless []view.Key, err error), asked ...string) error {
	patience, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	for {
		nameless, err := find()
		if linkspan.CodeOf(err) != linkspan.NotFound || !s.comes(patience, nameless, asked...) {
			return err
		}
	}
}

// between finds both ends, and waits for those who come.
func (s linkService) between(ctx context.Context, a, b string) (world *linkable, l linkspan.Link, err error) {
	err = s.awaited(ctx, func() (_ []view.Key, err error) {
		if world, err = s.linkable(ctx); err != nil {
			return nil, err
		}
		l, err = world.between(a, b)
		return nameless(world.endpoints, s.now()), err
	}, a, b)
	return world, l, err
}

// between finds both ends of a link.
func (w *linkable) between(a, b string) (linkspan.Link, error) {
	endA, err := w.end(a)
	if err != nil {
		return linkspan.Link{}, err
	}
	endB, err := w.end(b)
	return linkspan.LinkOf(endA, endB, ""), err
}

// nameless lists the endpoints of containers whose name has not come yet.
func nameless(all []linkspan.Endpoint, now time.Time) (keys []view.Key) {
	for i := range all {
		if e := &all[i]; e.Joined() && e.Container == "" && now.Sub(e.Created) < nameYoung {
			keys = append(keys, view.KeyOf(e))
		}
	}
	return keys
}

// comes waits until one of some endpoints without names has one that is asked for.
// It looks at the View alone.
func (s *Server) comes(ctx context.Context, nameless []view.Key, asked ...string) bool {
	if len(nameless) == 0 {
		return false
	}
	glance := time.NewTicker(nameGlance)
	defer glance.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-glance.C:
		}
		v := s.hub.View()
		if slices.ContainsFunc(nameless, func(key view.Key) bool {
			e := v.Endpoint(key)
			return e != nil && slices.ContainsFunc(asked, func(name string) bool { return meant(e, name) })
		}) {
			return true
		}
	}
}

// meant says whether a person may mean an endpoint's container by a name, an address or
// Docker's id, now that it has a name.
func meant(e *linkspan.Endpoint, name string) bool {
	parsed, err := linkspan.ParseEndpointName(name)
	named := err == nil && (e.Container == parsed.Container || e.Container == parsed.Whole().Container)
	return e.Container != "" && (named || e.Address.String() == name || byID(e.ID, name))
}
