// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/stats"
)

// reconnect has one bridge after another come back with all its flows, and notes
// how long the controller takes to find that all is well.
func (s *stage) reconnect(ctx context.Context) error {
	used, err := s.controller.Process.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	var took []float64
	n := min(s.config.changes, len(s.fleet.Hosts))
	for i := range n {
		b := s.fleet.Hosts[i].Bridge
		s.fleet.Hosts[i].Reconnect()
		t, err := b.Returned(ctx)
		if err != nil {
			return err
		}
		took = append(took, float64(t))
	}
	now, err := s.controller.Process.CPU()
	idle := time.Duration(s.figures.IdleCores * float64(time.Since(began)))
	s.figures.Reconcile = cost{Until: time.Duration(stats.Median(took)), CPU: max(0, (now-used-idle)/time.Duration(n))}
	return err
}

// loseFlows has all bridges come up empty.
func (s *stage) loseFlows() {
	for _, h := range s.fleet.Hosts {
		h.Bridge.Lose()
	}
}

// restart kills the controller, starts it again and waits until all is in place.
func (s *stage) restart(ctx context.Context, f *start, meanwhile func()) error {
	flows := s.flows()
	s.controller.Process.Kill()
	s.fleet.ControllerLost()
	meanwhile()
	began := time.Now()
	if err := s.controller.Start(ctx); err != nil {
		return err
	}
	f.Listens = time.Since(began)
	cpu, err := s.controller.Process.CPU()
	if err != nil {
		return err
	}
	f.LoadCPU = cpu
	profiled := make(chan error, 1)
	go func() { profiled <- s.profile(ctx, "start", "/debug/pprof/profile?seconds=8") }()
	if err := s.fleet.InPlace(ctx); err != nil {
		return err
	}
	if err := s.informed(ctx); err != nil {
		return err
	}
	f.InPlace = time.Since(began)
	if f.CPU, err = s.controller.Process.CPU(); err != nil {
		return err
	}
	var took []float64
	for _, h := range s.fleet.Hosts {
		took = append(took, float64(h.Bridge.Took()))
	}
	f.Median, f.Slowest = time.Duration(stats.Median(took)), time.Duration(slices.Max(took))
	if f.Peak, err = s.controller.Process.Memory(); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if now := s.flows(); now != flows {
		return fmt.Errorf("the bridges had %d flows before and have %d now", flows, now)
	}
	return <-profiled
}
