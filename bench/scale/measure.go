// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/bench/fleet"
	"github.com/linkspan/linkspan/bench/watched"
)

// patience bounds every single step.
const patience = 10 * time.Minute

// stage is one size of one layout under measurement.
type stage struct {
	config     *config
	layout     layout
	controller *watched.Controller
	fleet      *fleet.Fleet
	networks   []linkspan.NetworkID
	figures    figures
}

// measure measures n hosts.
func (c *config) measure(ctx context.Context, dir string, l layout, n int) (figures, error) {
	s := &stage{config: c, layout: l, figures: figures{Hosts: n, Endpoints: n * c.endpoints}}
	var err error
	if s.controller, err = watched.New(c.linkspan, dir); err != nil {
		return s.figures, err
	}
	if err := s.controller.Start(ctx); err != nil {
		return s.figures, err
	}
	defer func() { s.controller.Process.Kill() }()
	s.fleet = fleet.New(fleet.Config{Socket: s.controller.Socket, API: s.controller.API, Dir: dir})
	defer s.fleet.Close()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"networks", s.makeNetworks},
		{"empty", s.look("", &s.figures.Empty)},
		{"join", s.join},
		{"rest", s.rest},
		{"joined", s.look("joined", &s.figures.Joined)},
		{"store", s.weigh(&s.figures.StoreJoined)},
		{"attach", s.attach},
		{"idle", s.idle},
		{"attached", s.look("attached", &s.figures.Attached)},
		{"store", s.weigh(&s.figures.StoreAttached)},
		{"changes", s.change},
		{"reconnect", s.reconnect},
		{"restart", func(ctx context.Context) error { return s.restart(ctx, &s.figures.Crash, func() {}) }},
		{"rest", s.rest},
		{"restarted", s.look("", &s.figures.Restarted)},
		{"power", func(ctx context.Context) error { return s.restart(ctx, &s.figures.Power, s.loseFlows) }},
	} {
		began := time.Now()
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := step.do(ctx)
		cancel()
		if err != nil {
			return s.figures, fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s, %d on %d hosts: %s %.1f s\n", l.name, s.figures.Endpoints, n, step.name, time.Since(began).Seconds())
	}
	return s.figures, nil
}

// look returns a step that notes what the controller has used, and saves what of,
// if it has a name to save it under.
func (s *stage) look(as string, u *watched.Usage) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		if *u, err = s.controller.Usage(ctx); err != nil || as == "" {
			return err
		}
		if err := s.profile(ctx, as+"-heap", "/debug/pprof/heap?gc=1"); err != nil {
			return err
		}
		return s.profile(ctx, as+"-goroutines", "/debug/pprof/goroutine")
	}
}

// profile saves a profile of the controller, if wanted.
func (s *stage) profile(ctx context.Context, name, path string) error {
	if s.config.profiles == "" {
		return nil
	}
	if err := os.MkdirAll(s.config.profiles, 0o755); err != nil {
		return err
	}
	return s.controller.Save(ctx, path, filepath.Join(s.config.profiles,
		fmt.Sprintf("%s-%d-%s.pprof", s.layout.name, s.figures.Hosts, name)))
}

func (s *stage) makeNetworks(ctx context.Context) error {
	n := s.layout.networks(s.figures.Hosts, s.config.endpoints)
	s.figures.Networks = n
	for i := range n {
		id, err := s.makeNetwork(ctx, fmt.Sprintf("net%04d", i), s.layout.subnet(i))
		if err != nil {
			return err
		}
		s.networks = append(s.networks, id)
	}
	return nil
}

func (s *stage) makeNetwork(ctx context.Context, name string, subnet netip.Prefix) (linkspan.NetworkID, error) {
	r, err := s.fleet.Admin().Networks.Create(ctx, connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: name, Subnet: subnet.String(), Driver: string(s.layout.driver)},
	}))
	if err != nil {
		return 0, fmt.Errorf("create network %s: %w", name, api.FromRPC(err))
	}
	return linkspan.NetworkID(r.Msg.GetNetwork().GetId()), nil
}

func (s *stage) join(ctx context.Context) error {
	began := time.Now()
	err := s.fleet.Join(ctx, s.figures.Hosts)
	s.figures.JoinTime = time.Since(began)
	return err
}

// atOnce is how many endpoints are attached at a time, over all hosts.
const atOnce = 64

// attach makes every endpoint, and waits until its flows are there, or all hosts
// know it.
func (s *stage) attach(ctx context.Context) error {
	before := s.flows()
	bridges, streams := s.fleet.Count()
	began := time.Now()
	group, calls := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for e := range s.config.endpoints {
		for h := range s.fleet.Hosts {
			group.Go(func() error {
				return s.fleet.Hosts[h].Attach(calls, s.endpoint(h, e))
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := s.informed(ctx); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.figures.AttachTime = time.Since(began) - quiet
	b, f := s.fleet.Count()
	s.figures.AttachMessages = float64(b.Messages-bridges.Messages+f.Messages-streams.Messages) / float64(s.figures.Endpoints)
	s.figures.AttachBytes = float64(b.Bytes-bridges.Bytes+f.Bytes-streams.Bytes) / float64(s.figures.Endpoints)
	s.figures.Flows = float64(s.flows()-before) / float64(s.figures.Endpoints)
	return nil
}

// endpoint returns endpoint e of host h; those after the last are more in the
// network of the first.
func (s *stage) endpoint(h, e int) fleet.Endpoint {
	network, index := s.place(h, min(e, s.config.endpoints-1))
	if more := e - s.config.endpoints; more >= 0 {
		index = s.layout.stride/2 + more
	}
	return fleet.Endpoint{
		Network: s.networks[network], Number: uint32(e + 1), Address: s.layout.address(network, h, index), Driver: s.layout.driver,
	}
}

func (s *stage) place(h, e int) (network, index int) {
	return s.layout.on(h, e, len(s.networks), s.config.endpoints)
}

func (s *stage) flows() (n int) {
	for _, h := range s.fleet.Hosts {
		n += h.Bridge.Flows()
	}
	return n
}

// informed waits until all hosts know all endpoints of an overlay network.
func (s *stage) informed(ctx context.Context) error {
	if !s.layout.overlaid() {
		return nil
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	want := s.figures.Hosts * s.figures.Endpoints
	for s.fleet.Overlaid() != want {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the hosts know %d endpoints of overlays, not %d: %w", s.fleet.Overlaid(), want, ctx.Err())
		}
	}
	return nil
}

// quiet is how long nothing comes when all is done.
const quiet = 300 * time.Millisecond

// settle waits until nothing has come for a while.
func (s *stage) settle(ctx context.Context) error {
	for {
		bridges, streams := s.fleet.Count()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quiet):
		}
		if b, f := s.fleet.Count(); b == bridges && f == streams {
			return nil
		}
	}
}

// resting is how long a controller takes to give back what it needed for much
// work: two probes.
const resting = 11 * time.Second

func (s *stage) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(resting):
		return nil
	}
}

// idle watches a controller that nobody asks anything, and that has rested.
func (s *stage) idle(ctx context.Context) error {
	if err := s.rest(ctx); err != nil {
		return err
	}
	used, err := s.controller.Process.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.config.idle):
	}
	now, err := s.controller.Process.CPU()
	s.figures.IdleCores = (now - used).Seconds() / time.Since(began).Seconds()
	return err
}
