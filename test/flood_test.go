// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// flood is one container that sends as fast as it can, and others that want to
// work beside it.
type flood struct {
	t                *testing.T
	l                *harness.Lab
	attacker, victim *harness.Container
	targets          []*harness.Container
}

// felt is what the victim measured, in microseconds, sorted.
type felt struct {
	first, rtt []int
	lost       int
}

// TestFlood floods from one container in three ways and tells what another one
// feels: its first packets and its established conversation. The figures are in
// the log; what must hold on any machine is that nothing of the victim's first
// packets is lost and that the drops are counted and shown. LINKSPAN_FLOOD sets
// the rounds, each in calm, beside a busy container and under the flood.
func TestFlood(t *testing.T) {
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "quiet", "10.62.0.0/24", "--idle", "1s")
	l.Network(t, "loud", "10.63.0.0/24")
	f := &flood{t: t, l: l}
	mount := []string{"--volume", buildFlooder(t, l) + ":/flooder:ro"}
	f.attacker = l.Run(t, "h1", "attacker", append(mount, "--network", "loud")...)
	f.victim = l.Run(t, "h1", "victim", append(mount, "--network", "quiet")...)
	for i := range 4 {
		f.targets = append(f.targets, l.Run(t, l.Hosts()[i%2], fmt.Sprintf("target%d", i), "--network", "quiet"))
	}
	rounds := 1
	if text := os.Getenv("LINKSPAN_FLOOD"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("LINKSPAN_FLOOD: %v", err)
		}
	}
	for _, c := range []struct {
		name, shown string
		args        []string
	}{
		{"unknown destinations", "(punt meter)", []string{"unknown", "10.63.0.0/24"}},
		{"denied conversations", "table route", []string{"one", f.targets[0].Address(t, "quiet") + ":9"}},
		{"ARP", "(arp meter)", []string{"arp", "eth0", "10.63.0.0/24"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := *f
			g.t = t
			g.measure(rounds, c.args)
			g.shown(c.shown)
		})
	}
}

func buildFlooder(t *testing.T, l *harness.Lab) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(l.Probe()), "flooder")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", path, "github.com/linkspan/linkspan/test/flooder")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the flooder: %v: %s", err, out)
	}
	return path
}

// measure makes rounds by turns: in calm, beside a container that floods only
// itself, which takes a processor all the same, and under the flood.
func (f *flood) measure(rounds int, args []string) {
	f.t.Helper()
	var calm, busy, flooded felt
	for range rounds {
		f.feel(&calm)
		f.beside(&busy, []string{"one", "127.0.0.1:9"})
		f.beside(&flooded, args)
	}
	for _, s := range [][]int{calm.first, calm.rtt, busy.first, busy.rtt, flooded.first, flooded.rtt} {
		slices.Sort(s)
	}
	for _, percent := range []int{50, 90} {
		f.report(percent, "first packet", calm.first, busy.first, flooded.first)
		f.report(percent, "established", calm.rtt, busy.rtt, flooded.rtt)
	}
	f.t.Logf("established: lost %d of %d, busy %d of %d, flooded %d of %d", calm.lost, len(calm.rtt)+calm.lost,
		busy.lost, len(busy.rtt)+busy.lost, flooded.lost, len(flooded.rtt)+flooded.lost)
}

func (f *flood) beside(into *felt, args []string) {
	f.t.Helper()
	f.l.On(f.t, "h1", append([]string{"docker", "exec", "-d", f.attacker.Name, "/flooder"}, append(args, "10m")...)...)
	f.feel(into)
	f.attacker.Exec(f.t, "sh", "-c", "kill $(pidof flooder)")
}

func (f *flood) report(percent int, what string, calm, busy, flooded []int) {
	f.t.Helper()
	c, b, a := at(calm, percent), at(busy, percent), at(flooded, percent)
	f.t.Logf("%s, p%d of %d: calm %d us, busy %d us, flooded %d us; flooded is %.2f of busy, %.2f of calm",
		what, percent, len(flooded), c, b, a, float64(a)/float64(b), float64(a)/float64(c))
}

func at(sorted []int, percent int) int { return sorted[min(len(sorted)-1, len(sorted)*percent/100)] }

// feel measures the victim's first packet to each target, and a conversation.
func (f *flood) feel(into *felt) {
	f.t.Helper()
	unplugged(f.t, f.l, "quiet")
	for _, target := range f.targets {
		n, err := strconv.Atoi(f.victim.Exec(f.t, "/flooder", "first", target.Address(f.t, "quiet")+":"+harness.Port))
		if err != nil {
			f.t.Fatal(err)
		}
		into.first = append(into.first, n)
	}
	for line := range strings.Lines(f.victim.Exec(f.t, "/flooder", "rtt", f.targets[1].Address(f.t, "quiet")+":"+harness.Port, "2s")) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			into.lost++
			continue
		}
		into.rtt = append(into.rtt, n)
	}
}

// shown checks that the host's doctor tells what was dropped, and whose.
func (f *flood) shown(words string) {
	f.t.Helper()
	harness.Eventually(f.t, "doctor shows the drops: "+words, func() error {
		r := f.l.Try("h1", f.l.Binary, "doctor")
		for line := range strings.Lines(r.Out) {
			if strings.Contains(line, "packets dropped") && strings.Contains(line, words) {
				f.t.Log(strings.TrimSpace(line))
				return nil
			}
		}
		return fmt.Errorf("%v", r)
	})
}
