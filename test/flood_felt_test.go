// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/bench/stats"
	"github.com/linkspan/linkspan/test/harness"
)

// felt is what the victim measured, in microseconds: all of it, and the median
// of each round.
type felt struct {
	first, rtt   []float64
	firsts, rtts []float64
	lost         int
}

// The conditions under which the victim works, by turns.
const (
	calm    = "calm"
	busy    = "busy"    // beside a container that floods itself, which takes a processor all the same
	onset   = "onset"   // from the moment a flood begins
	flooded = "flooded" // while it lasts and is limited
)

// TestFloodFelt measures what a container feels of another one's flood. It is
// a benchmark (bench/run flood): it asserts nothing of the figures.
// LINKSPAN_FLOOD is how many rounds, LINKSPAN_FLOOD_RESULT the file for the table.
func TestFloodFelt(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("LINKSPAN_FLOOD"))
	if err != nil {
		t.Skip("a measurement: LINKSPAN_FLOOD is not set to a number of rounds")
	}
	f := newFlood(t)
	var table strings.Builder
	for _, c := range f.ways(t) {
		t.Run(c.name, func(t *testing.T) {
			g := *f
			g.t = t
			all := map[string]*felt{calm: {}, busy: {}, onset: {}, flooded: {}}
			for range rounds {
				g.round(all, c.kind, c.args)
			}
			table.WriteString(rows(c.name, all))
		})
	}
	text := fmt.Sprintf("Machine: %d processors, load %s; %d rounds of 4 first packets and 2 s of established traffic.\n\n", runtime.NumCPU(), load(), rounds) +
		"| flood | what | calm | busy | onset | flooded | flooded/busy | flooded/calm | lost |\n|---|---|---|---|---|---|---|---|---|\n" + table.String()
	t.Log("\n" + text)
	if file := os.Getenv("LINKSPAN_FLOOD_RESULT"); file != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// round measures once under each condition.
func (f *flood) round(all map[string]*felt, kind string, args []string) {
	f.t.Helper()
	f.doctor("none floods")
	f.feel(all[calm])
	f.starts([]string{"one", "127.0.0.1:9"})
	f.feel(all[busy])
	f.stops()
	f.prepare()
	f.starts(args)
	f.measure(all[onset])
	f.limited(kind)
	f.feel(all[flooded])
	f.stops()
}

// feel measures the victim's first packet to each target, and a conversation.
func (f *flood) feel(into *felt) {
	f.t.Helper()
	f.prepare()
	f.measure(into)
}

// prepare waits until the next packet to each target is a first one.
func (f *flood) prepare() {
	f.t.Helper()
	unplugged(f.t, f.l, "quiet")
}

func (f *flood) measure(into *felt) {
	f.t.Helper()
	var first, rtt []float64
	for _, target := range f.targets {
		n, err := strconv.ParseFloat(f.victim.Exec(f.t, "/flooder", "first", target.Address(f.t, "quiet")+":"+harness.Port), 64)
		if err != nil {
			f.t.Fatal(err)
		}
		first = append(first, n)
	}
	for line := range strings.Lines(f.victim.Exec(f.t, "/flooder", "rtt", f.targets[1].Address(f.t, "quiet")+":"+harness.Port, "2s")) {
		n, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			into.lost++
			continue
		}
		rtt = append(rtt, n)
	}
	into.first, into.firsts = append(into.first, first...), append(into.firsts, stats.Median(first))
	if len(rtt) > 0 {
		into.rtt, into.rtts = append(into.rtt, rtt...), append(into.rtts, stats.Median(rtt))
	}
}

// rows are the lines of the table for one flood: medians over all, 90th
// percentiles, and the ratios of the rounds' medians with their 95 % interval.
func rows(name string, all map[string]*felt) string {
	line := func(what string, of func(*felt) (list, medians []float64)) string {
		s := fmt.Sprintf("| %s | %s, us p50 (p90) |", name, what)
		medians := make(map[string][]float64)
		for _, c := range []string{calm, busy, onset, flooded} {
			var list []float64
			list, medians[c] = of(all[c])
			s += fmt.Sprintf(" %.0f (%.0f) |", quantile(list, 50), quantile(list, 90))
		}
		for _, c := range []string{busy, calm} {
			n := min(len(medians[flooded]), len(medians[c]))
			ratio, err := stats.RatioOf(medians[flooded][:n], medians[c][:n])
			if err != nil {
				s += " too few |"
				continue
			}
			s += fmt.Sprintf(" %v |", ratio)
		}
		return s
	}
	of := func(c string) string { return fmt.Sprintf("%s %d of %d", c, all[c].lost, all[c].lost+len(all[c].rtt)) }
	return line("first packet", func(f *felt) ([]float64, []float64) { return f.first, f.firsts }) + " none |\n" +
		line("established", func(f *felt) ([]float64, []float64) { return f.rtt, f.rtts }) +
		fmt.Sprintf(" %s, %s, %s, %s |\n", of(calm), of(busy), of(onset), of(flooded))
}

func quantile(list []float64, percent int) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}
