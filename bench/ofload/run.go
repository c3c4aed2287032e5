// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"context"
	"errors"
	"time"

	"github.com/linkspan/linkspan/bench/stats"
)

// Load is how the switches of a run ask.
type Load struct {
	// Window is how many questions each switch keeps open: 1 for latency.
	Window int
	// Rate is how many questions all switches together ask a second, whatever
	// comes back; it is used when Window is 0.
	Rate     float64
	Duration time.Duration // of asking
	Drain    time.Duration // for the last answers; then they are missing. 0 is 2 s
	// Busy returns the CPU time that the controller has used; nil leaves
	// Result.Controller at 0.
	Busy func() (time.Duration, error)
}

// Result is what a run measured. Asked, Answered, Elapsed and CPU times are of
// the time of asking, Latency and Faults also of the drain.
type Result struct {
	Asked      uint64
	Answered   uint64
	Unsent     uint64 // due at the rate, not asked because every question was open
	Elapsed    time.Duration
	Controller time.Duration // CPU time
	Generator  time.Duration // CPU time of this process
	Latency    *stats.Histogram
	Faults     Faults
}

// PerSecond returns the answers per second.
func (r *Result) PerSecond() float64 { return float64(r.Answered) / r.Elapsed.Seconds() }

// PerControllerSecond returns the answers per second of the controller's CPU
// time, 0 when that is unknown.
func (r *Result) PerControllerSecond() float64 {
	if r.Controller <= 0 {
		return 0
	}
	return float64(r.Answered) / r.Controller.Seconds()
}

const (
	defaultDrain = 2 * time.Second
	// stuck is how long beyond its time a run may hang in a read or write.
	stuck = 10 * time.Second
	// pace is how often due questions are looked for in an open loop.
	pace = time.Millisecond
)

// Run has all switches ask, and returns when their answers are there or given
// up. An error means that a session broke; wrong answers are in Result.Faults.
func Run(ctx context.Context, switches []*Switch, l Load) (Result, error) {
	if len(switches) == 0 || l.Window <= 0 && l.Rate <= 0 || l.Duration <= 0 {
		return Result{}, errors.New("a run needs switches, a window or a rate, and a duration")
	}
	if l.Drain == 0 {
		l.Drain = defaultDrain
	}
	before, err := l.clocks()
	if err != nil {
		return Result{}, err
	}
	if err := begin(switches, &l, before.at); err != nil {
		return Result{}, err
	}
	waiting := hold(ctx, switches, &l)
	r := halt(switches)
	after, err := l.clocks()
	if err := errors.Join(waiting, err); err != nil {
		return Result{}, err
	}
	r.Elapsed, r.Controller, r.Generator = after.at.Sub(before.at), after.controller-before.controller, after.generator-before.generator
	drain(ctx, switches, l.Drain)
	return r, r.settle(switches)
}

// begin starts the asking of every switch.
func begin(switches []*Switch, l *Load, now time.Time) error {
	for i, s := range switches {
		var plan *schedule
		if l.Window <= 0 {
			every := time.Duration(float64(len(switches)) * float64(time.Second) / l.Rate)
			plan = &schedule{start: now.Add(every * time.Duration(i) / time.Duration(len(switches))), every: max(every, 1)}
		}
		if err := s.begin(l, plan, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Switch) begin(l *Load, plan *schedule, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if err := s.conn.SetDeadline(now.Add(l.Duration + l.Drain + stuck)); err != nil {
		return err
	}
	s.asking = asking{next: s.next, window: l.Window, schedule: plan, latency: new(stats.Histogram)}
	s.refill()
	return s.flush()
}

// hold lets the switches ask for the run's duration, unless a session breaks.
func hold(ctx context.Context, switches []*Switch, l *Load) error {
	end := time.NewTimer(l.Duration)
	defer end.Stop()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	if l.Window > 0 {
		tick.Reset(100 * time.Millisecond)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case now := <-tick.C:
			for _, s := range switches {
				if err := errors.Join(s.due(now), s.Err()); err != nil {
					return err
				}
			}
		}
	}
}

// halt ends the asking and counts what was answered in time.
func halt(switches []*Switch) (r Result) {
	for _, s := range switches {
		s.mu.Lock()
		s.window, s.schedule = 0, nil
		r.Asked += s.asked
		r.Answered += s.answered
		r.Unsent += s.unsent
		s.mu.Unlock()
	}
	return r
}

// drain waits for the last answers.
func drain(ctx context.Context, switches []*Switch, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for anyOpen(switches) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func anyOpen(switches []*Switch) bool {
	for _, s := range switches {
		s.mu.Lock()
		open := s.open > 0 && s.err == nil
		s.mu.Unlock()
		if open {
			return true
		}
	}
	return false
}

// settle gives up what is open and takes over latencies and faults.
func (r *Result) settle(switches []*Switch) error {
	r.Latency = new(stats.Histogram)
	var broken error
	for _, s := range switches {
		s.mu.Lock()
		s.giveUp()
		r.Latency.Add(s.latency)
		r.Faults.add(&s.faults)
		broken = errors.Join(broken, s.err)
		if s.err == nil {
			broken = errors.Join(broken, s.conn.SetDeadline(time.Time{}))
		}
		s.mu.Unlock()
	}
	return broken
}

func (s *Switch) giveUp() {
	for i := range s.questions {
		q := &s.questions[i]
		if s.open > 0 && q.seen.Load()&stateOpen != 0 {
			q.seen.Store(stateMissed)
			s.open--
			s.faults.note(&s.faults.Missing, "no answer to question %d, tag aside % x", i, q.frame)
		}
	}
}
