// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan/bench/forward/load"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
	"github.com/linkspan/linkspan/bench/stats"
)

// statics is how many pairs of a cell, the last ones, are static.
const statics = 2

// cell is one load between pairs that are compared.
type cell struct {
	name  string
	kind  load.Kind
	unit  string
	scale float64 // of a unit
	pairs []*pair
}

func (c *config) benchmark(ctx context.Context, args []string) (err error) {
	program, err := filepath.Abs(c.linkspan)
	if err != nil {
		return err
	}
	r, err := report.New(ctx, "Forwarding", append([]string{"bench/run", "forward"}, args...))
	if err != nil {
		return err
	}
	c.linkspan = program
	s, err := stand.Up(ctx, stand.Config{Linkspan: program, Hosts: 2, Dir: c.dir, SwitchArgs: []string{"--fast-path", c.fastPath}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	var l layout
	near, far, err := c.prepare(ctx, s, &l, r)
	if err != nil {
		return err
	}
	cells := append(c.cells(", same host", near), c.cells(", two hosts", far)...)
	if r.Cells, err = c.interleave(ctx, s, &l, cells); err != nil {
		return err
	}
	if err := r.Write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.Markdown())
	return err
}

// prepare starts all pairs.
func (c *config) prepare(ctx context.Context, s *stand.Stand, l *layout, r *report.Report) (near, far []*pair, err error) {
	if err := c.choose(ctx, s); err != nil {
		return nil, nil, err
	}
	near, far, err = c.startOurs(ctx, s, l)
	if err != nil {
		return nil, nil, err
	}
	features := "tx-udp-segmentation off tx-checksum-sctp off"
	if c.fastPath == "none" {
		features = "tx off tso off gso off"
	}
	near, far, err = c.startStatic(ctx, s, l, near, far, features)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.On("h1", c.linkspan, "doctor")
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(found) {
		if strings.Contains(line, "fast path") || strings.Contains(line, "bridge br-link") {
			r.Facts = append(r.Facts, strings.Join(strings.Fields(line), " "))
		}
	}
	return near, far, nil
}

// startStatic appends the static pairs.
func (c *config) startStatic(ctx context.Context, s *stand.Stand, l *layout, near, far []*pair, features string) (_, _ []*pair, err error) {
	for i, matched := range []bool{true, false} {
		by := []string{"two static flows by address", "two static flows by port"}[i]
		p, err := static{by, fmt.Sprintf("st%d", i), fmt.Sprintf("10.91.%d", i), features, matched}.joined(ctx, s, l)
		if err != nil {
			return nil, nil, err
		}
		near = append(near, p)
		if p, err = (static{by, fmt.Sprintf("fa%d", i), fmt.Sprintf("10.92.%d", i), features, matched}).apart(ctx, s, l, 7001+i); err != nil {
			return nil, nil, err
		}
		far = append(far, p)
	}
	return near, far, nil
}

func (c *config) startOurs(ctx context.Context, s *stand.Stand, l *layout) (near, far []*pair, err error) {
	for _, n := range []struct{ name, subnet, transport string }{
		{"near", "10.81.0.0/24", "tunnel"}, {"tunnel", "10.82.0.0/24", "tunnel"}, {"direct", "10.83.0.0/24", "direct"},
	} {
		if err := network(ctx, s, n.name, n.subnet, n.transport); err != nil {
			return nil, nil, err
		}
	}
	uplinks(s, l)
	a, err := plugged(ctx, s, l, "Linkspan", "near", "h1", "h1")
	if err != nil {
		return nil, nil, err
	}
	for _, transport := range []string{"tunnel", "direct"} {
		p, err := plugged(ctx, s, l, "Linkspan, "+transport, transport, "h1", "h2")
		if err != nil {
			return nil, nil, err
		}
		far = append(far, p)
	}
	return []*pair{a}, far, nil
}

func (c *config) cells(where string, pairs []*pair) []cell {
	return []cell{
		{"TCP throughput" + where, load.Stream, "Gbit/s", 1e9, pairs},
		{"TCP round trips" + where, load.Echo, "round trips/s", 1, pairs},
		{"New TCP connections" + where, load.Connect, "connections/s", 1, pairs},
	}
}

// interleave measures all pairs of all cells, one after the other, so many
// times, every other time backwards, and each time with the ports in another
// order.
func (c *config) interleave(ctx context.Context, s *stand.Stand, l *layout, cells []cell) ([]report.Cell, error) {
	out := make([]report.Cell, len(cells))
	for i, cell := range cells {
		out[i] = report.Cell{Name: cell.name, About: about(cell.kind), Unit: cell.unit, Rows: make([]report.Row, len(cell.pairs))}
	}
	for round := range c.pairs {
		if err := l.shuffle(ctx, s, round); err != nil {
			return nil, err
		}
		for i, cell := range cells {
			n := len(cell.pairs)
			for k := range n {
				if round%2 == 1 {
					k = n - 1 - k
				}
				t, err := cell.pairs[k].measure(ctx, s, cell.kind, c.time)
				if err != nil {
					return nil, err
				}
				t.PerSecond, t.PerCPUSecond = t.PerSecond/cell.scale, t.PerCPUSecond/cell.scale
				out[i].Rows[k].Subject = cell.pairs[k].subject
				out[i].Rows[k].Trials = append(out[i].Rows[k].Trials, t)
			}
		}
		fmt.Fprintf(os.Stderr, "pair %d of %d measured\n", round+1, c.pairs)
	}
	for i := range out {
		if err := compare(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compare adds the ratios of all to the static ones.
func compare(c *report.Cell) error {
	ours := len(c.Rows) - statics
	for _, of := range []struct {
		name  string
		value func(*report.Trial) float64
	}{
		{"", func(t *report.Trial) float64 { return t.PerSecond }},
		{", per ovs-vswitchd CPU second", func(t *report.Trial) float64 { return t.PerCPUSecond }},
	} {
		for i := range ours * statics {
			a, b := &c.Rows[i/statics], &c.Rows[ours+i%statics]
			r, err := stats.RatioOf(a.Values(of.value), b.Values(of.value))
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			c.Ratios = append(c.Ratios, report.Ratio{Name: a.Subject + " / " + b.Subject + of.name, Ratio: r})
		}
	}
	return nil
}

func about(kind load.Kind) string {
	switch kind {
	case load.Stream:
		return "One connection, one way, as fast as it goes; what the far end received, until it had all of it."
	case load.Echo:
		return "One connection; a byte goes there and comes back, then the next."
	default:
		return "Four at a time: a connection is made, a byte comes back, a reset ends it; then the next."
	}
}
