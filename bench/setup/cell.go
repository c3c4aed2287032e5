// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/scenario"
	"github.com/linkspan/linkspan/bench/stats"
)

// entry is one subject of a cell: who asks whom, and what.
type entry struct {
	subject    string
	controller *controller
	ask        func() error      // prepares the questions
	asking     scenario.Switches // those that ask
}

// cell is one thing to measure of several subjects in turn.
type cell struct {
	name, about string
	load        ofload.Load
	entries     []entry
	ratios      []ratio
}

// ratio compares one number of two entries.
type ratio struct {
	name string
	a, b int // entries
	of   func(*report.Trial) float64
}

func perCPU(t *report.Trial) float64    { return t.PerCPUSecond }
func perSecond(t *report.Trial) float64 { return t.PerSecond }
func median(t *report.Trial) float64    { return float64(t.Median) }
func high(t *report.Trial) float64      { return float64(t.High) }

// interleave measures all entries of all cells, one after the other, so many
// times, every other time backwards.
func (c *config) interleave(ctx context.Context, cells []cell) ([]report.Cell, error) {
	out := make([]report.Cell, len(cells))
	for i := range cells {
		out[i] = report.Cell{Name: cells[i].name, About: cells[i].about, Rows: make([]report.Row, len(cells[i].entries))}
	}
	for pair := range c.pairs {
		for i := range cells {
			n := len(cells[i].entries)
			for k := range n {
				if pair%2 == 1 {
					k = n - 1 - k
				}
				e := &cells[i].entries[k]
				trial, err := c.measure(ctx, e, cells[i].load)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", cells[i].name, e.subject, err)
				}
				out[i].Rows[k].Subject = e.subject
				out[i].Rows[k].Trials = append(out[i].Rows[k].Trials, trial)
			}
		}
		fmt.Fprintf(os.Stderr, "pair %d of %d measured\n", pair+1, c.pairs)
	}
	for i := range cells {
		if err := compare(&cells[i], &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// measure lets the entry's switches ask for a while and checks every answer.
func (c *config) measure(ctx context.Context, e *entry, load ofload.Load) (t report.Trial, err error) {
	if err := e.ask(); err != nil {
		return t, err
	}
	runtime.GC() // now, and not while measuring
	before, err := process.Idle()
	if err != nil {
		return t, err
	}
	load.Duration, load.Busy = c.time, e.controller.process.CPU
	r, err := ofload.Run(ctx, e.asking, load)
	if err != nil {
		return t, err
	}
	after, err := process.Idle()
	if err != nil {
		return t, err
	}
	if err := r.Faults.Err(); err != nil {
		return t, err
	}
	if r.Unsent > 0 {
		return t, fmt.Errorf("%d questions could not be asked in time: the rate is too high", r.Unsent)
	}
	return report.Trial{
		PerSecond: r.PerSecond(), PerCPUSecond: r.PerControllerSecond(),
		Median: r.Latency.Quantile(0.5), High: r.Latency.Quantile(0.99),
		Controller: r.Controller.Seconds() / r.Elapsed.Seconds(), Generator: r.Generator.Seconds() / r.Elapsed.Seconds(),
		Idle:          (after - before).Seconds() / r.Elapsed.Seconds(),
		ControllerMax: e.controller.cores,
	}, nil
}

func compare(c *cell, out *report.Cell) error {
	for _, q := range c.ratios {
		r, err := stats.RatioOf(out.Rows[q.a].Values(q.of), out.Rows[q.b].Values(q.of))
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		out.Ratios = append(out.Ratios, report.Ratio{Name: q.name, Ratio: r})
	}
	return nil
}
