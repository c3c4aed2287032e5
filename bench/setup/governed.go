// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/rulebook"
	"github.com/linkspan/linkspan/bench/scenario"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// contender is a controller of ours, with switches of its own.
type contender struct {
	name     string
	linkspan *linkspan
	fabric   *scenario.Fabric
	asking   scenario.Switches
}

// governed measures set-ups with policies in force against set-ups without, of the
// same pairs: those of which policies, whatever they say of them, leave all that they
// may say to each other. It writes the report.
func (c *config) governed(ctx context.Context, dir string, args []string) (err error) {
	r, err := report.New(ctx, "Reactive route set-up with policies", append([]string{"bench/run", "setup"}, args...))
	if err != nil {
		return err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	programs := []struct{ name, path string }{{"without policies", c.linkspan}, {fmt.Sprintf("%d policies", c.policies), c.linkspan}}
	if c.before != "" {
		r.Versions["Linkspan before"] = report.Version(ctx, c.before, "version")
		programs = append(programs, struct{ name, path string }{"before, without policies", c.before})
	}
	contenders := make([]*contender, 0, len(programs))
	defer func() {
		for _, s := range contenders {
			s.close()
		}
	}()
	for i, p := range programs {
		s := &contender{name: p.name}
		contenders = append(contenders, s)
		if err := s.start(ctx, c, p.path, filepath.Join(dir, fmt.Sprint(i))); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if err := c.legislate(ctx, contenders, r); err != nil {
		return err
	}
	if r.Cells, err = c.interleave(ctx, c.compared(contenders)); err != nil {
		return err
	}
	if err := c.profileGoverned(ctx, contenders); err != nil {
		return err
	}
	if err := r.Write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.Markdown())
	return err
}

// start starts a controller, makes its fabric and connects its switches.
func (s *contender) start(ctx context.Context, c *config, program, dir string) (err error) {
	keys := filepath.Join(dir, "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return err
	}
	if s.linkspan, err = startLinkspan(ctx, program, dir); err != nil {
		return err
	}
	s.fabric, err = scenario.NewFabric(ctx, scenario.FabricConfig{
		Socket: s.linkspan.socket, API: s.linkspan.api, Dir: keys, Size: c.size, Labels: rulebook.Labels,
	})
	if err != nil {
		return err
	}
	s.asking, err = s.fabric.Connect(ctx, s.linkspan.address, false)
	return err
}

func (s *contender) close() {
	s.asking.Close()
	if s.fabric != nil {
		s.fabric.Close()
	}
	if s.linkspan != nil {
		s.linkspan.process.Stop()
	}
}

// warmTime is how long is asked about the pairs before anything is measured.
const warmTime = 3 * time.Second

// legislate puts policies in force at the second subject, and has all asked about the
// same pairs.
func (c *config) legislate(ctx context.Context, contenders []*contender, r *report.Report) error {
	world := contenders[1].fabric.World()
	admin := api.Unix(contenders[1].linkspan.socket)
	defer admin.Close()
	if err := rulebook.Apply(ctx, admin, world.Policies(c.policies)...); err != nil {
		return err
	}
	whole := wholly(world, c.policies)
	for _, s := range contenders {
		s.fabric.Only(whole)
		for _, ask := range []func(scenario.Switches) error{s.fabric.AskSame, s.fabric.AskTwo} {
			if err := ask(s.asking); err != nil {
				return err
			}
			if err := s.asking.Settle(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.name, errors.Join(err, s.fabric.Trouble()))
			}
			began, err := ofload.Run(ctx, s.asking, ofload.Load{Window: c.window, Duration: warmTime})
			if err := errors.Join(err, began.Faults.Err()); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		memory, err := s.linkspan.process.Memory()
		if err != nil {
			return err
		}
		r.Facts = append(r.Facts, fmt.Sprintf("%s: %d MB resident", s.name, memory>>20))
	}
	r.Facts = append(r.Facts,
		fmt.Sprintf("%d switches, %d hosts on each; %d questions open on each for throughput; %s for each measurement",
			c.size.Switches, c.size.Hosts, c.window, c.time),
		"all are asked about the same pairs: those that policies leave all that they may say to each other; every answer was checked against its question",
		fmt.Sprintf("each pair was asked about before, for %s; what the first decision about one costs, `bench/run policy` says", warmTime))
	return nil
}

// wholly returns a function that says whether policies leave two all that they may
// say to each other: a route is plugged for the pair as without policies.
func wholly(w *rulebook.World, policies int) func(from, to netip.Addr) bool {
	v, memo, network := w.View(w.Policies(policies)), new(decide.Memo), w.Networks[0].ID
	return func(from, to netip.Addr) bool {
		a, b := v.Endpoint(view.Key{Network: network, Address: from}), v.Endpoint(view.Key{Network: network, Address: to})
		d := memo.Between(v, a, b)
		return d.Verdict == decide.Allow && !d.Tracked
	}
}

// profileGoverned writes profiles of all contenders, if wanted.
func (c *config) profileGoverned(ctx context.Context, contenders []*contender) error {
	if c.profiles == "" {
		return nil
	}
	if err := os.MkdirAll(c.profiles, 0o755); err != nil {
		return err
	}
	for i, s := range contenders {
		for name, ask := range map[string]func(scenario.Switches) error{"one": s.fabric.AskSame, "two": s.fabric.AskTwo} {
			if err := ask(s.asking); err != nil {
				return err
			}
			if err := c.profileOf(ctx, s.linkspan, s.asking, filepath.Join(c.profiles, fmt.Sprintf("%d-%s-chassis.pprof", i, name))); err != nil {
				return err
			}
		}
	}
	return nil
}
