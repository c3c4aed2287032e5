// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stats"
)

// load is an image of which many are made.
type load struct {
	name   string
	unit   string
	units  float64 // of an image
	layers int
	size   int // bytes of a layer
}

func (o *options) loads() []load {
	const parts = 5
	return []load{
		{fmt.Sprintf("an image of %d MB", o.large), "MB/s", float64(o.large), parts, o.large * 1e6 / parts},
		{fmt.Sprintf("an image of %d layers of 4 kB", o.layers), "layers/s", float64(o.layers), o.layers, 4096},
	}
}

// make returns an image that nobody has seen.
func (l load) make(tag string) (*image, error) {
	i := &image{tag: tag}
	for k := range l.layers + 1 {
		size := l.size
		if k == l.layers { // the configuration
			size = 0
		}
		blob := make([]byte, size)
		if _, err := rand.Read(blob); err != nil {
			return nil, err
		}
		if size == 0 {
			blob = fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","author":%q}`, tag)
		}
		i.blobs, i.sums = append(i.blobs, blob), append(i.sums, fmt.Sprintf("sha256:%x", sha256.Sum256(blob)))
	}
	return i, nil
}

// measure pushes to both and pulls from both, in turn.
func (o *options) measure(ctx context.Context, ours, theirs *subject) (cells []report.Cell, err error) {
	for _, l := range o.loads() {
		cell := func(what, about string) report.Cell {
			return report.Cell{Name: what + " of " + l.name, About: about, Unit: l.unit, CPU: "registry", Rows: []report.Row{{Subject: ours.name}, {Subject: theirs.name}}}
		}
		push := cell("Push", "From the question whether the first layer is there to the answer to the manifest; four layers at once.")
		pull := cell("Pull", "The manifest, then all layers, four at once; what came is compared with what was pushed.")
		var times [2][2][]float64 // push, pull; ours, theirs
		for round := range o.pairs {
			i, err := l.make(fmt.Sprintf("%d-%d", l.layers, round))
			if err != nil {
				return nil, err
			}
			for n := range 4 {
				k, what, row := n%2, n/2, &push
				if round%2 == 1 {
					k = 1 - k
				}
				do := (*client).push
				if what == 1 {
					do, row = (*client).pull, &pull
				}
				took, t, err := trial(ctx, []*subject{ours, theirs}[k], l, i, do)
				if err != nil {
					return nil, fmt.Errorf("%s: %s: %w", row.Name, row.Rows[k].Subject, err)
				}
				row.Rows[k].Trials = append(row.Rows[k].Trials, t)
				times[what][k] = append(times[what][k], took.Seconds())
			}
			fmt.Fprintf(os.Stderr, "%s: pair %d of %d measured\n", l.name, round+1, o.pairs)
		}
		for what, c := range []*report.Cell{&push, &pull} {
			r, err := stats.RatioOf(times[what][0], times[what][1])
			if err != nil {
				return nil, err
			}
			c.Ratios = append(c.Ratios, report.Ratio{Name: "time, " + ours.name + " / " + theirs.name, Ratio: r})
			cells = append(cells, *c)
		}
	}
	return cells, nil
}

// trial does one thing with one registry.
func trial(ctx context.Context, s *subject, l load, i *image, do func(*client, context.Context, *image) error) (time.Duration, report.Trial, error) {
	before, err := s.process.CPU()
	if err != nil {
		return 0, report.Trial{}, err
	}
	idle, err := process.Idle()
	if err != nil {
		return 0, report.Trial{}, err
	}
	begun := time.Now()
	if err := do(s.client, ctx, i); err != nil {
		return 0, report.Trial{}, err
	}
	took := time.Since(begun)
	after, err := s.process.CPU()
	if err != nil {
		return 0, report.Trial{}, err
	}
	rested, err := process.Idle()
	if err != nil {
		return 0, report.Trial{}, err
	}
	t := report.Trial{PerSecond: l.units / took.Seconds(), Idle: (rested - idle).Seconds() / took.Seconds()}
	if used := (after - before).Seconds(); used > 0 {
		t.PerCPUSecond = l.units / used
	}
	return took, t, nil
}
