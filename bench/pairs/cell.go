// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"
	"fmt"
	"os"

	"github.com/linkspan/linkspan/bench/load"
	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
	"github.com/linkspan/linkspan/bench/stats"
)

// CPU is whose time what was forwarded is held against.
type CPU string

// Whose time there is.
const (
	Switches CPU = "ovs-vswitchd" // of all hosts, while a container loads the other one
	Machine  CPU = "machine"      // all processors, whatever they do, during the load
)

// Cell is one load on pairs that are compared.
type Cell struct {
	name  string
	kind  load.Kind
	unit  string
	scale float64 // of a unit

	pairs      []*Pair
	references int
	cpu        CPU
}

// Cells returns a cell for each kind of load on the same pairs. The last so many
// of these are what the others are compared with. Where is what all of them have
// in common, for the names of the cells.
func Cells(where string, cpu CPU, references int, pairs ...*Pair) []Cell {
	return []Cell{
		{"TCP throughput" + where, load.Stream, "Gbit/s", 1e9, pairs, references, cpu},
		{"TCP round trips" + where, load.Echo, "round trips/s", 1, pairs, references, cpu},
		{"New TCP connections" + where, load.Connect, "connections/s", 1, pairs, references, cpu},
	}
}

// interleave measures all pairs of all cells, one after the other, so many
// times, every other time backwards.
func (c *Config) interleave(ctx context.Context, s *stand.Stand, cells []Cell, before func(round int) error) ([]report.Cell, error) {
	out := make([]report.Cell, len(cells))
	for i, cell := range cells {
		out[i] = report.Cell{Name: cell.name, About: about(cell.kind), Unit: cell.unit, CPU: string(cell.cpu), Rows: make([]report.Row, len(cell.pairs))}
	}
	for round := range c.Pairs {
		if err := before(round); err != nil {
			return nil, err
		}
		for i, cell := range cells {
			n := len(cell.pairs)
			for k := range n {
				if round%2 == 1 {
					k = n - 1 - k
				}
				t, err := cell.pairs[k].measure(ctx, s, cell.kind, cell.cpu, c.Time)
				if err != nil {
					return nil, err
				}
				t.PerSecond, t.PerCPUSecond = t.PerSecond/cell.scale, t.PerCPUSecond/cell.scale
				out[i].Rows[k].Subject = cell.pairs[k].Subject
				out[i].Rows[k].Trials = append(out[i].Rows[k].Trials, t)
			}
		}
		fmt.Fprintf(os.Stderr, "pair %d of %d measured\n", round+1, c.Pairs)
	}
	for i := range out {
		if err := compare(&out[i], cells[i].references); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// compare adds the ratios of all to the last so many.
func compare(c *report.Cell, references int) error {
	ours := len(c.Rows) - references
	for _, of := range []struct {
		name  string
		value func(*report.Trial) float64
	}{
		{"", func(t *report.Trial) float64 { return t.PerSecond }},
		{", per " + c.CPU + " CPU second", func(t *report.Trial) float64 { return t.PerCPUSecond }},
	} {
		for i := range ours * references {
			a, b := &c.Rows[i/references], &c.Rows[ours+i%references]
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
