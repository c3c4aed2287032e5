// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// TestSoak lets containers, networks and a switch come and go under random kills
// for the time in LINKSPAN_SOAK. What is done follows from the seed alone; what
// fails under a kill is done again when it is quiet. Each dockerd of
// LINKSPAN_SOAK_DOCKERD, a list like PATH, has an equal part of the time, in a
// lab of its own. A table of results goes to the file in LINKSPAN_SOAK_TABLE too.
func TestSoak(t *testing.T) {
	text := os.Getenv("LINKSPAN_SOAK")
	if text == "" {
		t.Skip("LINKSPAN_SOAK is not set: make soak sets it to how long it lasts")
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	programs := filepath.SplitList(os.Getenv("LINKSPAN_SOAK_DOCKERD"))
	if len(programs) == 0 {
		programs = []string{"dockerd"}
	}
	all := report{began: time.Now(), length: length, seed: seed(t, "LINKSPAN_SOAK_SEED")}
	for _, program := range programs {
		t.Run(line(program), func(t *testing.T) {
			soak(t, &all, program, length/time.Duration(len(programs)))
		})
	}
}

// line names a dockerd by the folder that it is in, as in docker-29.
func line(program string) string {
	if !filepath.IsAbs(program) {
		return program
	}
	return filepath.Base(filepath.Dir(program))
}

// soak makes a lab of hosts with this dockerd and lets it soak.
func soak(t *testing.T, all *report, program string, length time.Duration) {
	l := own(t, lab.Config{Hosts: 3, Dockerd: program})
	l.Network(t, "base", "10.60.0.0/24")
	l.Settled(t)
	r := result{length: length, dockerd: l.On(t, "h1", "docker", "version", "-f", "{{.Server.Version}}, API {{.Server.APIVersion}}")}
	t.Logf("dockerd is %s", r.dockerd)
	w := newWorld(t, l, all.seed)
	r.before = w.beginning()
	c := l.Run(t, "h2", "base2", "--network", "base")
	talk := l.Converse(t, "h1", "base1", "base", c)
	defer func() { w.report(all, r) }() // also of a soak that failed
	w.soak(length, talk)
	w.end()
	(&harness.Container{Lab: l, Host: "h1", Name: "base1"}).Remove(t)
	c.Remove(t)
	w.back(r.before)
	r.spaces = w.spaces()
	w.flat()
	if w.slowest > settling {
		t.Errorf("it took %v of quiet until everything was right", w.slowest)
	}
}

// soak makes rounds until the time is over. In the second half the controller
// and the switch of h1 are left alone, so that growth of what they use shows.
func (w *world) soak(length time.Duration, talk *harness.Talk) {
	w.t.Helper()
	start := time.Now()
	for time.Since(start) < length && !w.t.Failed() {
		w.calm = w.calm || time.Since(start) > length/2
		w.round++
		w.chaos()
		w.quiet()
		w.talk = talk.GoesOn(w.t)
		w.t.Logf("%v: round %d: %d networks, %d containers; %v; conversation %+v", time.Since(start).Round(time.Second),
			w.round, len(w.networks), len(w.containers), w.sample(), w.talk)
	}
}

// chaos does what the round's plan says while programs are killed.
func (w *world) chaos() {
	w.t.Helper()
	plan, kills := w.plan(), w.kills()
	stop := make(chan struct{})
	var killer errgroup.Group
	killer.Go(func() error { return w.kill(kills, stop) })
	var doing errgroup.Group
	doing.SetLimit(3)
	for _, a := range plan {
		doing.Go(func() error {
			if err := a.do(w); err != nil {
				w.later(a)
			}
			return nil
		})
	}
	_ = doing.Wait() // what failed is in w.failed
	close(stop)
	if err := killer.Wait(); err != nil {
		w.t.Fatalf("round %d: %v", w.round, err)
	}
	if w.special != nil {
		w.counts[w.special.name]++
		if err := w.special.do(w); err != nil {
			w.t.Fatalf("round %d: %s: %v", w.round, w.special.name, err)
		}
	}
}

// strike is one kill to come.
type strike struct {
	after time.Duration
	victim
	kindly bool
}

// kills draws the round's kills.
func (w *world) kills() []strike {
	var list []strike
	for range 2 + w.rand.IntN(4) {
		v := w.victims[w.rand.IntN(len(w.victims))]
		s := strike{time.Duration(w.rand.IntN(1000)) * time.Millisecond, v, w.rand.IntN(4) == 0}
		if w.calm && (v == victim{"controller", "controller"} || v == victim{"h1", "switch"}) {
			continue
		}
		list = append(list, s)
	}
	return list
}

// kill strikes until the round's work is done.
func (w *world) kill(list []strike, stop <-chan struct{}) error {
	for _, s := range list {
		select {
		case <-stop:
			return nil
		case <-time.After(s.after):
		}
		strike := w.l.Crash
		if s.kindly {
			strike = w.l.Restart
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		err := strike(ctx, s.node, s.program)
		cancel()
		if err != nil {
			return fmt.Errorf("%s of %s: %w", s.program, s.node, err)
		}
		w.mu.Lock()
		w.struck[s.victim]++
		if s.kindly && s.program == "dockerd" {
			w.ended[s.node] = w.round
		}
		w.mu.Unlock()
	}
	return nil
}

// pick returns one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
