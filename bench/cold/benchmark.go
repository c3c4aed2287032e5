// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
	"github.com/linkspan/linkspan/bench/stats"
)

// settleTime bounds how long it may take until all pairs reach each other.
const settleTime = 30 * time.Second

// benchmark measures everything and writes the report.
func (c *config) benchmark(ctx context.Context, args []string) (err error) {
	r, err := report.New(ctx, "Cold first packet", append([]string{"go", "run", "./bench/cold"}, args...))
	if err != nil {
		return err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	r.Versions["ovs-testcontroller"] = report.Version(ctx, c.peer, "--version")
	s, err := stand.Up(ctx, stand.Config{Linkspan: c.linkspan, Hosts: 2, Dir: c.dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	if err := furnish(ctx, s); err != nil {
		return err
	}
	peer, theirs, err := c.startPeer(s)
	if err != nil {
		return err
	}
	defer peer.Stop()
	subjects, err := all(ctx, s, theirs)
	if err != nil {
		return err
	}
	samples, err := c.interleave(ctx, subjects)
	if err != nil {
		return err
	}
	for _, sub := range subjects {
		err = errors.Join(err, sub.close())
	}
	if err == nil {
		err = c.write(r, subjects, samples)
	}
	return err
}

// all returns the pairs when they reach each other.
func all(ctx context.Context, s *stand.Stand, theirs *subject) ([]*subject, error) {
	asker, near, far := container{"h1", "asker"}, container{"h1", "near"}, container{"h2", "far"}
	one, err := pair(ctx, s, "Linkspan, one host", 1, asker, near)
	if err != nil {
		return nil, err
	}
	two, err := pair(ctx, s, "Linkspan, two hosts", 2, asker, far)
	if err != nil {
		return nil, err
	}
	list := []*subject{one, theirs, two}
	for _, sub := range list {
		if err := sub.wait(settleTime); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// interleave returns the samples of each subject in each round. Trials of all
// subjects alternate, every other time backwards.
func (c *config) interleave(ctx context.Context, subjects []*subject) ([][][]sample, error) {
	samples := make([][][]sample, len(subjects))
	for i := range samples {
		samples[i] = make([][]sample, c.pairs)
	}
	for pair := range c.pairs {
		for n := range c.trials {
			for k := range subjects {
				if n%2 == 1 {
					k = len(subjects) - 1 - k
				}
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				one, err := subjects[k].trial(c.pause)
				if err != nil {
					return nil, err
				}
				switch {
				case one.lost:
					subjects[k].lost++
				case one.warm:
					subjects[k].warm++
				default:
					samples[k][pair] = append(samples[k][pair], one)
				}
			}
		}
		fmt.Fprintf(os.Stderr, "pair %d of %d measured\n", pair+1, c.pairs)
	}
	return samples, nil
}

// write makes the report: of each subject the first packet, the next ones, and
// the difference.
func (c *config) write(r *report.Report, subjects []*subject, samples [][][]sample) error {
	r.Facts = append(r.Facts, fmt.Sprintf("two hosts of a lab, network and Open vSwitch as Linkspan sets them up; %d first packets in each measurement", c.trials))
	parts := []struct {
		name, about string
		of          func(sample) time.Duration
	}{
		{"First less next", "The round trip of the first packet less that of the next ones: what plugging costs.",
			func(s sample) time.Duration { return s.first - s.next }},
		{"First packet", "The round trip of an echo request that finds no flow in either direction.",
			func(s sample) time.Duration { return s.first }},
		{"Next packets", fmt.Sprintf("The middle one of %d round trips, 30 ms after the first packet unless -pause says otherwise: hot ones, when what plugging left to be done is done.", hots),
			func(s sample) time.Duration { return s.next }},
	}
	for _, sub := range subjects {
		if sub.lost+sub.warm > 0 {
			r.Facts = append(r.Facts, fmt.Sprintf("%s: of %d trials %d lost a packet, and %d passed without a trace in the flows; they do not count",
				sub.name, c.pairs*c.trials, sub.lost, sub.warm))
		}
	}
	for _, part := range parts {
		cell := report.Cell{Name: part.name, About: part.about + " p50 and p99 of a measurement; below, of all of them together."}
		cell.Rows, r.Facts = rows(subjects, samples, part.name, part.of, r.Facts)
		ratio, err := stats.RatioOfMeans(cell.Rows[0].Values(median), cell.Rows[1].Values(median))
		if err == nil {
			cell.Ratios = []report.Ratio{{Name: "Linkspan, one host / ovs-testcontroller, p50", Ratio: ratio}}
		}
		r.Cells = append(r.Cells, cell)
	}
	if err := r.Write(c.results, c.name); err != nil {
		return err
	}
	_, err := os.Stdout.Write(r.Markdown())
	return err
}

func median(t *report.Trial) float64 { return float64(t.Median) }

// rows returns a row for each subject, and the facts with one more of each.
func rows(subjects []*subject, samples [][][]sample, part string, of func(sample) time.Duration, facts []string) ([]report.Row, []string) {
	var list []report.Row
	for k, sub := range subjects {
		row := report.Row{Subject: sub.name}
		var every []time.Duration
		for _, round := range samples[k] {
			times := make([]time.Duration, len(round))
			for i := range round {
				times[i] = of(round[i])
			}
			every = append(every, times...)
			row.Trials = append(row.Trials, report.Trial{Median: quantile(times, 0.5), High: quantile(times, 0.99)})
		}
		list = append(list, row)
		facts = append(facts, fmt.Sprintf("%s, %s: %d packets, p50 %d us, p90 %d us, p99 %d us", part, sub.name, len(every),
			quantile(every, 0.5).Microseconds(), quantile(every, 0.9).Microseconds(), quantile(every, 0.99).Microseconds()))
	}
	return list, facts
}

// quantile returns the smallest of times that a share q of them does not exceed.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(times))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

func middle(times []time.Duration) time.Duration { return quantile(times, 0.5) }
