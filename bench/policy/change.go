// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/control/view"
)

// change measures every kind of change.
func (s *stage) change(ctx context.Context) error {
	for n, k := range kinds() {
		profiled := make(chan error, 1)
		go func() { profiled <- s.profile(ctx, n) }()
		c := kindCost{Name: k.name}
		for i := range s.config.changes {
			if err := s.once(ctx, &c, k.policy(s, i)); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
		s.result.Changes = append(s.result.Changes, c)
		if err := <-profiled; err != nil {
			return err
		}
	}
	return nil
}

// profile saves a profile of the controller's processor time, if wanted.
func (s *stage) profile(ctx context.Context, n int) error {
	if s.config.profiles == "" {
		return nil
	}
	return s.controller.Save(ctx, "/debug/pprof/profile?seconds=5", filepath.Join(s.config.profiles, fmt.Sprintf("policy-change%d.pprof", n)))
}

// once has a policy come and go, and the conversations that it cut begin again.
func (s *stage) once(ctx context.Context, c *kindCost, p linkspan.Policy) error {
	before := s.view
	after, _ := before.Apply(view.PutPolicy(&p))
	from, to := after.SelectedBy(&p)
	concerned, talks := s.concerned(from, to)
	come, err := s.watch(ctx, concerned, func() error { return s.put(ctx, p) })
	if err != nil {
		return fmt.Errorf("%s comes: %w", p.Name, err)
	}
	s.view = after
	if _, err := s.judge(talks); err != nil { // what may go on begins again with its next packet
		return fmt.Errorf("%s has come: %w", p.Name, err)
	}
	gone, err := s.watch(ctx, concerned, func() error { return s.remove(ctx, p.Name) })
	if err != nil {
		return fmt.Errorf("%s goes: %w", p.Name, err)
	}
	s.view = before
	c.add(len(from)+len(to), len(talks), come, gone)
	return s.askAll(ctx, talks)
}

// concerned returns the conversations of which a policy speaks in either direction.
func (s *stage) concerned(from, to []*linkspan.Endpoint) (c *concerned, talks []talk) {
	sends, takes := make(map[view.Key]bool), make(map[view.Key]bool)
	for _, e := range from {
		sends[view.KeyOf(e)] = true
	}
	for _, e := range to {
		takes[view.KeyOf(e)] = true
	}
	c = &concerned{make(map[fleet.Ends]bool), make(map[netip.Addr]bool)}
	for _, e := range slices.Concat(from, to) {
		c.addresses[e.Address] = true
	}
	for _, t := range s.talks {
		a, b := s.ends(t)
		x, y := view.KeyOf(a), view.KeyOf(b)
		if sends[x] && takes[y] || sends[y] && takes[x] {
			c.pairs[fleet.Ends{From: a.Address, To: b.Address}], c.pairs[fleet.Ends{From: b.Address, To: a.Address}] = true, true
			talks = append(talks, t)
		}
	}
	return c, talks
}

// watch does something and returns what the bridges got because of it. A FlowMod that
// touches a flow of others than the concerned is an error.
func (s *stage) watch(ctx context.Context, c *concerned, do func() error) (seen, error) {
	var w watching
	before, _ := s.fleet.Count()
	used, err := s.controller.Process.CPU()
	if err != nil {
		return seen{}, err
	}
	s.fleet.Tap(w.note)
	began := time.Now()
	if err := do(); err != nil {
		return seen{}, err
	}
	answered := time.Since(began)
	if err := s.settle(ctx); err != nil {
		return seen{}, err
	}
	s.fleet.Tap(nil)
	now, err := s.controller.Process.CPU()
	if err != nil {
		return seen{}, err
	}
	after, _ := s.fleet.Count()
	out, err := w.judge(began, c)
	out.Answered, out.CPU, out.Messages = answered, now-used, after.Messages-before.Messages
	return out, err
}
