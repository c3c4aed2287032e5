// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// again is the time in which everything has to work after a restart, on a busy machine too.
const again = harness.Patience

// victim is a program of a node.
type victim struct{ node, program string }

// victims is every program of the product and below it.
func victims() []victim {
	return []victim{
		{"controller", "controller"}, {"h1", "switch"}, {"h2", "switch"}, {"h1", "ovsdb-server"}, {"h1", "dockerd"},
		{"h1", "ovs-vswitchd"}, {"h2", "ovs-vswitchd"},
	}
}

// stage is fifty containers on two hosts, some of which talk.
type stage struct {
	t       *testing.T
	l       *harness.Lab
	network string
	talks   map[string]*harness.Talk
	pings   []*pinger
	number  int
}

// TestFaults kills each program by SIGKILL, alone and then in random order,
// below conversations on one host and across hosts.
func TestFaults(t *testing.T) {
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "fault", "10.54.0.0/24", "--idle", "5s")
	before, tracked := l.Settled(t), connections(t, l)
	s := &stage{t: t, l: l, network: "fault", talks: make(map[string]*harness.Talk)}
	s.fill(42)
	s.talk()
	for _, v := range victims() {
		t.Run(v.program+" of "+v.node, func(t *testing.T) { s.on(t).fault(v, l.Crash) })
	}
	t.Run("in random order", func(t *testing.T) { s.on(t).random(seed(t, "LINKSPAN_FAULT_SEED"), 6) })
	s.t = t
	s.clear()
	l.Back(t, before)
	harness.Eventually(t, "no connection is tracked any more", func() error {
		if now := connections(t, l); now != tracked {
			return fmt.Errorf("%d, before %d", now, tracked)
		}
		return nil
	})
}

// seed returns the number of a run, which the environment may set.
func seed(t *testing.T, variable string) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv(variable); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", variable, err)
		}
	}
	t.Logf("%s=%d", variable, n)
	return n
}

// connections counts the connections that the hosts' datapaths track.
func connections(t *testing.T, l *harness.Lab) (sum int) {
	t.Helper()
	for _, host := range l.Hosts() {
		out := l.On(t, host, "ovs-appctl", "dpctl/ct-stats-show")
		var n int
		if _, err := fmt.Sscanf(out, "Connections Stats:\n Total: %d", &n); err != nil {
			t.Fatalf("connections of %s: %v: %q", host, err, out)
		}
		sum += n
	}
	return sum
}

func (s *stage) on(t *testing.T) *stage {
	u := *s
	u.t = t
	return &u
}

// each does something to n containers on both hosts, some at once.
func (s *stage) each(n int, do func(c *harness.Container) harness.Result) {
	s.t.Helper()
	var all errgroup.Group
	all.SetLimit(6)
	for i := range n {
		c := &harness.Container{Lab: s.l, Host: s.l.Hosts()[i%2], Name: fmt.Sprintf("idle%d", i)}
		all.Go(func() error {
			if r := do(c); r.Exit != 0 {
				return fmt.Errorf("%s on %s: %v", c.Name, c.Host, r)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		s.t.Error(err)
	}
}

func (s *stage) fill(n int) {
	s.t.Helper()
	s.number = n
	s.each(n, func(c *harness.Container) harness.Result {
		return s.l.Try(c.Host, s.l.RunArgs(c.Name, "--network", s.network)...)
	})
}

// talk starts conversations across hosts and on one host.
func (s *stage) talk() {
	s.t.Helper()
	near, far := s.idle(0), s.idle(1)
	s.talks["across hosts"] = s.l.Converse(s.t, "h1", "talk-far", s.network, far)
	s.talks["on one host"] = s.l.Converse(s.t, "h1", "talk-near", s.network, near)
	s.pings = []*pinger{
		pingOn(s.t, s.l, "h1", "ping-far", s.network, far),
		pingOn(s.t, s.l, "h1", "ping-near", s.network, near),
	}
}

func (s *stage) idle(i int) *harness.Container {
	return &harness.Container{Lab: s.l, Host: s.l.Hosts()[i%2], Name: fmt.Sprintf("idle%d", i)}
}

// fault kills a program and checks that everything goes on.
func (s *stage) fault(v victim, strike func(ctx context.Context, node, program string) error) {
	s.t.Helper()
	heard := make([]int, len(s.pings))
	for i, p := range s.pings {
		heard[i] = len(p.heard(s.t))
	}
	if err := strike(s.t.Context(), v.node, v.program); err != nil {
		s.t.Fatal(err)
	}
	s.works(v)
	for name, talk := range s.talks {
		p := talk.GoesOn(s.t)
		s.t.Logf("the conversation %s goes on: %+v", name, p)
	}
	for i, p := range s.pings {
		missed := p.since(s.t, heard[i])
		s.t.Logf("%s missed %d packets of 10 ms, %v at most without", p.Name, missed.lost, missed.longest)
		if missed.longest > again {
			s.t.Errorf("%s was silent for %v", p.Name, missed.longest)
		}
	}
}

// works checks that two containers that never talked reach each other, and that
// a new one can be made, in time.
func (s *stage) works(v victim) {
	s.t.Helper()
	start := time.Now()
	a, b := s.idle(2+rand.IntN(s.number-2)), s.idle(2+rand.IntN(s.number-2))
	for a.Name == b.Name {
		b = s.idle(2 + rand.IntN(s.number-2))
	}
	harness.Eventually(s.t, fmt.Sprintf("%s of %s reaches %s of %s", a.Name, a.Host, b.Name, b.Host), func() error {
		if r := a.Ask("tcp", b.Address(s.t, s.network)); r.Out != b.Name {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	reached := time.Since(start)
	host := v.node
	if host == "controller" {
		host = "h2"
	}
	c := s.l.Run(s.t, host, "new", "--network", s.network)
	c.Reaches(s.t, a, s.network)
	took := time.Since(start)
	c.Remove(s.t)
	s.t.Logf("after the restart an old pair reached each other in %v, a new container in %v",
		reached.Round(time.Millisecond), took.Round(time.Millisecond))
	if took > again {
		s.t.Errorf("it took %v until a new container worked", took)
	}
}

// random strikes programs in random order, two at once now and then.
func (s *stage) random(seed uint64, strikes int) {
	s.t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	for range strikes {
		var both errgroup.Group
		list := victims()
		var last victim
		for _, i := range r.Perm(len(list))[:1+r.IntN(2)] {
			v, strike := list[i], s.l.Crash
			if r.IntN(3) == 0 {
				strike = s.l.Restart
			}
			s.t.Logf("strike %v", v)
			both.Go(func() error { return strike(s.t.Context(), v.node, v.program) })
			last = v
		}
		s.fault(last, func(context.Context, string, string) error { return both.Wait() })
	}
}

// clear removes every container.
func (s *stage) clear() {
	s.t.Helper()
	for _, p := range s.pings {
		p.Remove(s.t)
	}
	for _, name := range []string{"talk-far", "talk-near"} {
		(&harness.Container{Lab: s.l, Host: "h1", Name: name}).Remove(s.t)
	}
	s.each(s.number, func(c *harness.Container) harness.Result { return s.l.Try(c.Host, "docker", "rm", "-f", c.Name) })
}
