// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/linkspan/linkspan/bench/load"
	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
)

// Pair is two containers that Start started: the first one loads the second one.
type Pair struct {
	Subject string // what is between them
	Host    string // of the first one
	From    string // the first one
	To      string // address of the second one
}

// measure has the first container load the second.
func (p *Pair) measure(ctx context.Context, s *stand.Stand, kind load.Kind, of CPU, d time.Duration) (t report.Trial, err error) {
	before, err := look(s)
	if err != nil {
		return t, err
	}
	text, took, err := s.Ask(ctx, p.Host, "exec", p.From, program, "load", string(kind), p.To+":"+port, d.String())
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
