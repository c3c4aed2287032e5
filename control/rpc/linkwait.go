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

// between finds both ends. A container that has just started has no name yet, as the
// driver is not told of it: as long as there is one like that, who is not found is
// waited for. Only when a name that is asked for has come the store is read again.
func (s linkService) between(ctx context.Context, a, b string) (*linkable, linkspan.Link, error) {
	patience, cancel := context.WithTimeout(ctx, nameLimit)
	defer cancel()
	for {
		world, err := s.linkable(ctx)
		if err != nil {
			return nil, linkspan.Link{}, err
		}
		l, err := world.between(a, b)
		if linkspan.CodeOf(err) != linkspan.NotFound {
			return world, l, err
		}
		if !s.comes(patience, world.nameless(s.now()), a, b) {
			return nil, linkspan.Link{}, err
		}
	}
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
func (w *linkable) nameless(now time.Time) (keys []view.Key) {
	for i := range w.endpoints {
		if e := &w.endpoints[i]; e.Joined() && e.Container == "" && now.Sub(e.Created) < nameYoung {
			keys = append(keys, view.KeyOf(e))
		}
	}
	return keys
}

// comes waits until one of some endpoints without names has one that is asked for.
// It looks at the View alone.
func (s linkService) comes(ctx context.Context, nameless []view.Key, asked ...string) bool {
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
			return e != nil && slices.ContainsFunc(asked, func(name string) bool { return called(e, name) })
		}) {
			return true
		}
	}
}

// called says whether a person may mean an endpoint's container by a name.
func called(e *linkspan.Endpoint, name string) bool {
	parsed, err := linkspan.ParseEndpointName(name)
	return err == nil && e.Container != "" && (e.Container == parsed.Container || e.Container == parsed.Whole().Container)
}
