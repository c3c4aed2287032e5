// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/scenario"
	"github.com/linkspan/linkspan/wire/openflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject connects switches to a responder of this process; the CPU time
// counted is that of a process that sleeps.
func subject(t *testing.T, name string, answer func([]byte, *openflow.PacketIn) []byte) entry {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	r := ofload.Responder{Answer: answer}
	go func() { served <- r.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	sleeper, err := process.Start(process.Command{Path: "/bin/sleep", Args: []string{"600"}, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sleeper.Stop)
	size := scenario.Size{Switches: 2, Hosts: 10}
	switches, err := scenario.ConnectEcho(t.Context(), l.Addr().String(), size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(switches.Close)
	return entry{name, &controller{name, sleeper, 1, ""}, func() error { return scenario.AskEcho(switches, size) }, switches}
}

func TestInterleave(t *testing.T) {
	c := config{pairs: 3, time: 200 * time.Millisecond} // so long that something is answered on a busy machine, too
	cells, err := c.interleave(t.Context(), []cell{{
		name: "echo against echo", load: ofload.Load{Window: 4},
		entries: []entry{subject(t, "a", ofload.Echo()), subject(t, "b", ofload.Echo())},
		ratios:  []ratio{{"a / b", 0, 1, perSecond}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := cells[0]
	if got.Rows[0].Subject != "a" || got.Rows[1].Subject != "b" || len(got.Rows[0].Trials) != 3 || len(got.Rows[1].Trials) != 3 {
		t.Fatalf("rows %+v", got.Rows)
	}
	if r := got.Ratios[0]; r.Pairs != 3 || r.Low > r.Mean || r.High < r.Mean || r.Mean <= 0 {
		t.Fatalf("ratio %+v", r)
	}
}

// One wrong answer ends the benchmark.
func TestLiesEndTheBenchmark(t *testing.T) {
	echo, asked := ofload.Echo(), 0
	liar := subject(t, "liar", func(b []byte, in *openflow.PacketIn) []byte {
		if asked++; asked == 20 {
			in.Data[len(in.Data)-1] ^= 1
		}
		return echo(b, in)
	})
	liar.asking = liar.asking[:1]
	c := config{pairs: 2, time: 50 * time.Millisecond}
	_, err := c.interleave(t.Context(), []cell{{name: "lies", load: ofload.Load{Window: 4}, entries: []entry{liar}}})
	if err == nil || !strings.Contains(err.Error(), "wrong packet") {
		t.Fatalf("a lie gives %v", err)
	}
}

func TestConfigRefuses(t *testing.T) {
	good := config{pairs: 2, size: scenario.Size{Switches: 16, Hosts: 100}, window: 64, rate: 1, time: time.Second}
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*config){
		"one pair":         func(c *config) { c.pairs = 1 },
		"too many for ovs": func(c *config) { c.size.Switches = 17 },
		"one switch":       func(c *config) { c.size.Switches = 1 },
		"one host":         func(c *config) { c.size.Hosts = 1 },
		"no window":        func(c *config) { c.window = 0 },
		"no rate":          func(c *config) { c.rate = 0 },
		"no time":          func(c *config) { c.time = 0 },
	} {
		c := good
		change(&c)
		if c.validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
