// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/load"
	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
)

// Pair is two containers that Start started, or two namespaces: the first one loads
// the second one.
type Pair struct {
	Subject string // what is between them
	Host    string // of the first one
	From    string // the first one; empty: it is no container
	Within  string // what stands before a command that is to run in the first one, where that is no container
	To      string // address of the second one
}

// Inside returns what stands before a command of the host that is to run in the
// network of the first one.
func (p *Pair) Inside(ctx context.Context, s *stand.Stand) (string, error) {
	if p.From == "" {
		return p.Within, nil
	}
	pid, err := s.Process(ctx, p.Host, p.From)
	return stand.Within(pid), err
}

// load has the first one load the second one, and returns what it said.
func (p *Pair) load(ctx context.Context, s *stand.Stand, kind load.Kind, d time.Duration) (string, time.Duration, error) {
	command := []string{"load", string(kind), p.To + ":" + port, d.String()}
	if p.From != "" {
		return s.Ask(ctx, p.Host, append([]string{"exec", p.From, program}, command...)...)
	}
	self, err := own()
	if err != nil {
		return "", 0, err
	}
	began := time.Now()
	text, err := s.On(p.Host, slices.Concat(strings.Fields(p.Within), []string{self}, command)...)
	return text, time.Since(began), err
}

// measure has the first one load the second one.
func (p *Pair) measure(ctx context.Context, s *stand.Stand, kind load.Kind, of CPU, d time.Duration) (t report.Trial, err error) {
	before, err := look(s)
	if err != nil {
		return t, err
	}
	text, took, err := p.load(ctx, s, kind, d)
	if err != nil {
		return t, fmt.Errorf("%s, %s: %w", p.Subject, kind, err)
	}
	after, err := look(s)
	if err != nil {
		return t, err
	}
	var r load.Result
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return t, fmt.Errorf("%s, %s: %q: %w", p.Subject, kind, text, err)
	}
	used := r.Busy
	if of == Switches {
		used = after.forwarding - before.forwarding
	}
	used = max(used, time.Millisecond) // counted in steps of 10 ms
	return report.Trial{
		PerSecond: r.PerSecond, PerCPUSecond: r.PerSecond * r.Lasted.Seconds() / used.Seconds(), Median: r.Median, High: r.High, Repeated: float64(r.Retransmits) / d.Seconds(),
		Idle: (after.idle - before.idle).Seconds() / took.Seconds(),
	}, nil
}

// usage is what the processors have done since boot.
type usage struct {
	forwarding time.Duration // in ovs-vswitchd, of all hosts
	idle       time.Duration
}

func look(s *stand.Stand) (u usage, err error) {
	for _, host := range s.Hosts() {
		pid, err := s.PID(host, "ovs-vswitchd")
		if err != nil {
			return u, err
		}
		used, err := process.CPUOf(pid)
		if err != nil {
			return u, err
		}
		u.forwarding += used
	}
	u.idle, err = process.Idle()
	return u, err
}
