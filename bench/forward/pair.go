// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/forward/load"
	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
)

// port is where every container serves.
const port = "7000"

// pair is two containers: the first one loads the second one.
type pair struct {
	subject string
	host    string // of the first one
	from    string
	to      string // address
}

// start starts a container that serves, with more options of docker run.
func start(ctx context.Context, s *stand.Stand, host, name string, options ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return err
	}
	args := append([]string{"run", "-d", "--name", name, "--volume", self + ":/forward:ro"}, options...)
	_, err = s.Docker(ctx, host, append(args, "busybox", "/forward", "serve", ":"+port)...)
	return err
}

// measure has the first container load the second.
func (p *pair) measure(ctx context.Context, s *stand.Stand, kind load.Kind, d time.Duration) (t report.Trial, err error) {
	before, err := look(s)
	if err != nil {
		return t, err
	}
	text, took, err := s.Ask(ctx, p.host, "exec", p.from, "/forward", "load", string(kind), p.to+":"+port, d.String())
	if err != nil {
		return t, fmt.Errorf("%s, %s: %w", p.subject, kind, err)
	}
	after, err := look(s)
	if err != nil {
		return t, err
	}
	var r load.Result
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return t, fmt.Errorf("%s, %s: %q: %w", p.subject, kind, text, err)
	}
	used := max(after.forwarding-before.forwarding, time.Millisecond) // counted in steps of 10 ms
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
