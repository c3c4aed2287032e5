// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// readyLimit is how long the answer to "ready?" may take.
const readyLimit = 2 * time.Second

// State says how a part does.
type State string

// The states.
const (
	OK       State = "ok"
	Degraded State = "degraded" // something waits, yet what there is goes on: ready
	Failed   State = "failed"   // not ready
)

// Check is how one part does.
type Check struct {
	Part  string
	State State
	Found string // for people
}

// Verdict is OK with what was found, or Failed with the error.
func Verdict(part string, err error, found string) Check {
	if err != nil {
		return Check{part, Failed, err.Error()}
	}
	return Check{part, OK, found}
}

// Probe is what a role says of its readiness; until Is was called, that it is
// starting.
type Probe struct {
	role   string
	checks atomic.Pointer[func(context.Context) []Check]
}

// Expect adds a role without which the process is not ready.
func (p *Page) Expect(role string) *Probe {
	probe := &Probe{role: role}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes = append(p.probes, probe)
	return probe
}

// Is sets how the role is asked. The function may be called concurrently, and
// should return when its context ends.
func (p *Probe) Is(checks func(context.Context) []Check) { p.checks.Store(&checks) }

func (p *Probe) ask(ctx context.Context) []Check {
	if checks := p.checks.Load(); checks != nil {
		return (*checks)(ctx)
	}
	return []Check{{p.role, Failed, "is starting"}}
}

// ready answers 200 when no part failed, else 503, with a line for each part.
func (p *Page) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
	defer cancel()
	p.mu.Lock()
	probes := slices.Clone(p.probes)
	p.mu.Unlock()
	worst, status, lines := OK, http.StatusOK, []Check{}
	for _, probe := range probes {
		for _, c := range probe.ask(ctx) {
			lines = append(lines, c)
			switch {
			case c.State == Failed:
				worst, status = Failed, http.StatusServiceUnavailable
			case c.State == Degraded && worst == OK:
				worst = Degraded
			}
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, worst)
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, c := range lines {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", c.State, c.Part, c.Found)
	}
	_ = tw.Flush() // who asked has gone
}
