// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/scenario"
)

// stage is everything that takes part: three controllers, each with switches.
type stage struct {
	config              *config
	linkspan            *linkspan
	peer, echo          *controller
	fabric              *scenario.Fabric
	ours, theirs, echos scenario.Switches
}

// benchmark measures everything and writes the report.
func (c *config) benchmark(ctx context.Context, dir string, args []string) error {
	r, err := report.New(ctx, "Reactive route set-up", append([]string{"go", "run", "./bench/setup"}, args...))
	if err != nil {
		return err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	r.Versions["ovs-testcontroller"] = report.Version(ctx, c.peer, "--version")
	s := &stage{config: c}
	defer s.close()
	if err := s.start(ctx, dir); err != nil {
		return err
	}
	if err := s.build(ctx, dir, r); err != nil {
		return err
	}
	if r.Cells, err = c.interleave(ctx, s.plain()); err != nil {
		return err
	}
	r.Facts = append(r.Facts, ceiling(&r.Cells[0]))
	if c.profiles != "" {
		if err := s.profile(ctx); err != nil {
			return err
		}
	}
	if err := s.reconnect(ctx); err != nil {
		return err
	}
	secure, err := c.interleave(ctx, s.secure())
	if err != nil {
		return err
	}
	r.Cells = append(r.Cells, secure...)
	if err := r.Write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.Markdown())
	return err
}

// start starts the controllers.
func (s *stage) start(ctx context.Context, dir string) (err error) {
	if s.linkspan, err = startLinkspan(ctx, s.config.linkspan, dir); err != nil {
		return err
	}
	if s.peer, err = startPeer(ctx, s.config.peer, dir); err != nil {
		return err
	}
	s.echo, err = startEcho(ctx, dir)
	return err
}

// build makes the fabric, connects all switches and has every controller answer
// without fault once.
func (s *stage) build(ctx context.Context, dir string, r *report.Report) (err error) {
	size := s.config.size
	began := time.Now()
	keys := filepath.Join(dir, "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		return err
	}
	s.fabric, err = scenario.NewFabric(ctx, scenario.FabricConfig{
		Socket: s.linkspan.socket, API: s.linkspan.api, Dir: keys, Size: size,
	})
	if err != nil {
		return err
	}
	made := time.Since(began)
	if s.ours, err = s.fabric.Connect(ctx, s.linkspan.address, false); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	memory, err := s.linkspan.process.Memory()
	if err != nil {
		return err
	}
	r.Facts = append(r.Facts,
		fmt.Sprintf("%d switches, %d hosts on each; %d questions open on each for throughput; %s for each measurement",
			size.Switches, size.Hosts, s.config.window, s.config.time),
		fmt.Sprintf("Linkspan: %d endpoints were made through the API in %.1f s; %d MB resident with all switches connected",
			size.Switches*size.Hosts, made.Seconds(), memory>>20),
		"controllers and load generator share the machine; every answer was checked against its question")
	if s.theirs, err = scenario.ConnectLearning(ctx, s.peer.address, size); err != nil {
		return err
	}
	s.echos, err = scenario.ConnectEcho(ctx, s.echo.address, size)
	return err
}

// settle waits until Linkspan answers both kinds of questions.
func (s *stage) settle(ctx context.Context) error {
	for _, ask := range []func(scenario.Switches) error{s.fabric.AskSame, s.fabric.AskTwo} {
		if err := ask(s.ours); err != nil {
			return err
		}
		if err := s.ours.Settle(ctx); err != nil {
			return fmt.Errorf("linkspan: %w", errors.Join(err, s.fabric.Trouble()))
		}
	}
	return nil
}

// reconnect puts switches with TLS in the place of those without.
func (s *stage) reconnect(ctx context.Context) (err error) {
	s.ours.Close()
	s.ours = nil
	if s.ours, err = s.fabric.Connect(ctx, s.linkspan.secure, true); err != nil {
		return err
	}
	return s.settle(ctx)
}

func (s *stage) close() {
	for _, l := range []scenario.Switches{s.ours, s.theirs, s.echos} {
		l.Close()
	}
	if s.fabric != nil {
		s.fabric.Close()
	}
	if s.linkspan != nil {
		s.linkspan.process.Stop()
	}
	for _, c := range []*controller{s.peer, s.echo} {
		if c != nil {
			c.process.Stop()
		}
	}
}

// ceiling says what the load generator itself can do, from the throughput's
// last row, the echo's.
func ceiling(c *report.Cell) string {
	row := &c.Rows[len(c.Rows)-1]
	return fmt.Sprintf("the load generator checks %.2f million answers in a second of its own CPU time (%s)",
		row.Value(func(t *report.Trial) float64 { return t.PerSecond / t.Generator })/1e6, row.Subject)
}
