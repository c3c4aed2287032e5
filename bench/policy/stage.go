// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/bench/rulebook"
	"github.com/linkspan/linkspan/bench/watched"
	"github.com/linkspan/linkspan/control/view"
)

// patience bounds every single step.
const patience = 10 * time.Minute

// stage is everything that takes part.
type stage struct {
	config     *config
	controller *watched.Controller
	fleet      *fleet.Fleet
	world      rulebook.World
	at         []place // of the world's endpoints
	policies   []linkspan.Policy
	view       *view.View // what the controller is to have
	talks      []talk
	result     *result
}

// place is where an endpoint is in the fleet.
type place struct {
	host     *fleet.Host
	endpoint fleet.Endpoint
}

// benchmark measures everything and writes the report.
func (c *config) benchmark(ctx context.Context, dir string, args []string) error {
	r, err := newResult(ctx, c, args)
	if err != nil {
		return err
	}
	s := &stage{config: c, result: r}
	if s.controller, err = watched.New(c.linkspan, dir); err != nil {
		return err
	}
	if err := s.controller.Start(ctx); err != nil {
		return err
	}
	defer func() { s.controller.Process.Kill() }()
	s.fleet = fleet.New(fleet.Config{Socket: s.controller.Socket, API: s.controller.API, Dir: dir})
	defer s.fleet.Close()
	if err := s.steps(ctx); err != nil {
		return err
	}
	if err := r.write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.markdown())
	return err
}

// steps does one thing after the other.
func (s *stage) steps(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"networks and groups", s.makeNetworks},
		{"join", func(ctx context.Context) error { return s.fleet.Join(ctx, s.config.hosts) }},
		{"attach", s.attach},
		{"rest", s.rest},
		{"look", s.look(&s.result.Without)},
		{"apply", s.apply},
		{"rest", s.rest},
		{"look", s.look(&s.result.With)},
		{"talk", s.talk},
		{"rest", s.rest},
		{"look", s.look(&s.result.Talking)},
		{"changes", s.change},
		{"decisions", s.decisions},
	} {
		began := time.Now()
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := step.do(ctx)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %.1f s\n", step.name, time.Since(began).Seconds())
	}
	return nil
}

// look returns a step that notes what the controller has used.
func (s *stage) look(u *watched.Usage) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		*u, err = s.controller.Usage(ctx)
		return err
	}
}

// quiet is how long nothing comes when all is done.
const quiet = 300 * time.Millisecond

// settle waits until nothing has come for a while.
func (s *stage) settle(ctx context.Context) error {
	for {
		bridges, streams := s.fleet.Count()
		if err := wait(ctx, quiet); err != nil {
			return err
		}
		if b, f := s.fleet.Count(); b == bridges && f == streams {
			return nil
		}
	}
}

// resting is how long a controller takes to give back what it needed for much
// work: two probes.
const resting = 11 * time.Second

func (s *stage) rest(ctx context.Context) error { return wait(ctx, resting) }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
