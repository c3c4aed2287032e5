// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// coming makes devices as is said, gives them their addresses, and makes the static routes.
type coming struct{ *Links }

var _ config.Host = coming{}

// Plan says what would be done. The error says which devices there are not; of an
// unknown host Apply's does.
func (l coming) Plan(ctx context.Context, old, new *tree.Tree) (config.Plan, error) {
	changes := l.changes(old, new)
	if old != nil {
		if err := l.there(changes); err != nil {
			return nil, err
		}
	}
	p := &plan{all: old == nil}
	var deadline time.Time
	for _, c := range changes {
		p.steps = append(p.steps, l.device(c, &deadline)...)
	}
	p.steps = append(p.steps, l.forwarding(old, new)...)
	before, after := staticRoutes(old), staticRoutes(new)
	steps := after.differ(before)
	if len(p.steps) == 0 && len(steps) == 0 && old != nil {
		return p, nil
	}
	for _, text := range steps {
		p.steps = append(p.steps, step{text: text})
	}
	p.steps = append(p.steps, l.routeStep(old, before, after))
	p.steps[0].do = begins(&deadline, p.steps[0].do)
	p.verify = func(ctx context.Context) error { return l.verify(ctx, changes) }
	return p, nil
}

// begins sets the time until which devices are waited for when a plan is applied.
func begins(deadline *time.Time, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		*deadline = time.Now().Add(patience)
		if do == nil {
			return nil
		}
		return do(ctx)
	}
}

// there says which devices there are not, of those that nobody makes.
func (l coming) there(changes []change) error {
	var wrong []error
	for _, c := range changes {
		if !c.is.said() || c.is.vlan {
			continue
		}
		if _, there, err := l.Links.device(c.name); err != nil || !there {
			wrong = append(wrong, errors.Join(err, fmt.Errorf("%s: %w", tree.Join(c.is.path), noDevice(c.is))))
		}
	}
	return errors.Join(wrong...)
}

// device returns the steps that make a device as is said.
func (l coming) device(c change, deadline *time.Time) []step {
	if !c.is.said() {
		return l.left(c)
	}
	come := slices.DeleteFunc(slices.Clone(c.is.addresses), c.was.has)
	s := step{text: fmt.Sprintf("%s: %s", c.name, upOrDown(c.is.up))}
	if c.is.mtu != 0 {
		s.text += fmt.Sprintf(", mtu %d", c.is.mtu)
	}
	if len(come) > 0 {
		s.text += ", add " + list(come)
	}
	before := c.was
	s.do = func(ctx context.Context) error {
		if f, there, err := l.Links.device(c.name); err == nil && there && !c.was.said() {
			before = device{name: c.name, up: f.up}
		}
		return l.make(ctx, c.was, c.is, *deadline)
	}
	s.undo = func(ctx context.Context) error {
		if err := l.take(c.name, come); err != nil || !before.said() {
			return err
		}
		return l.make(ctx, c.is, before, time.Now().Add(patience))
	}
	return []step{s}
}

// left returns the steps for a device of which nothing is said any more: it gets its MTU
// from before, and is up as by default.
func (l coming) left(c change) []step {
	_, silenced := l.memory.spoke(c.name)
	_, down := l.memory.lost(c.name)
	switch {
	case !c.was.said() && (silenced || down): // of an unknown host
		return []step{{text: c.name + ": as it was before", do: func(ctx context.Context) error { return l.free(ctx, c.name, down) }}}
	case !c.was.said() || c.was.vlan || c.was.up && c.was.mtu == 0 && !c.was.port:
		return nil
	}
	free := device{name: c.name, up: true}
	return []step{{
		text: c.name + ": as it was before",
		do: func(ctx context.Context) error {
			if _, there, err := l.Links.device(c.name); err != nil || !there {
				return err
			}
			return l.make(ctx, c.was, free, time.Time{})
		},
		undo: func(ctx context.Context) error { return l.make(ctx, free, c.was, time.Time{}) },
	}}
}

// free has the host's stack speak again on a device that was a port, and sets it up if it was
// set down; one that is gone needs nothing.
func (l coming) free(ctx context.Context, name string, down bool) error {
	f, there, err := l.Links.device(name)
	if err != nil {
		return err
	}
	if !there {
		return errors.Join(l.memory.spoken(name), l.memory.regained(name))
	}
	return l.make(ctx, device{}, device{name: name, up: f.up || down}, time.Time{})
}

// routeStep makes the static routes, also where only devices change: the kernel takes
// away what went by one that was down.
func (l coming) routeStep(old *tree.Tree, before, after routes) step {
	s := step{do: func(ctx context.Context) error { return l.route(ctx, after) }}
	if old != nil {
		s.undo = func(ctx context.Context) error { return l.route(ctx, before) }
	}
	return s
}

// verify reads back what has changed.
func (l coming) verify(ctx context.Context, changes []change) error {
	all, err := l.devices(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, c := range changes {
		for _, d := range c.is.differs(all) {
			wrong = append(wrong, fmt.Errorf("%s is %q and not %q", tree.Join(d.Path), d.Have, d.Want))
		}
		for _, a := range c.was.addresses {
			if !c.is.has(a) && all[c.name].has(a) {
				wrong = append(wrong, fmt.Errorf("%s still has %s", c.name, a))
			}
		}
	}
	done, err := until(ctx, time.Now().Add(time.Second), func() (bool, error) {
		ok, err := l.routed(ctx)
		if err == nil && !ok {
			l.mu.Lock()
			defer l.mu.Unlock()
			err = l.reroute(ctx) // a device has just gone or come
		}
		return ok, err
	})
	if err == nil && !done {
		err = errors.New("the routes are not those that are configured")
	}
	return errors.Join(append(wrong, err)...)
}
