// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
	"github.com/linkspan/linkspan/bench/stats"
)

// benchmark measures everything and writes the report.
func (c *config) benchmark(ctx context.Context, args []string) (err error) {
	r, err := report.New(ctx, "Attaching containers", append([]string{"go", "run", "./bench/attach"}, args...))
	if err != nil {
		return err
	}
	s, err := stand.Up(ctx, stand.Config{Linkspan: c.linkspan, Hosts: 1, Dir: c.dir, Packaged: c.packaged})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	p, err := startBare(ctx, s, c.dir)
	if err != nil {
		return err
	}
	defer p.Stop()
	if err := furnish(ctx, s); err != nil {
		return err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	if r.Versions["dockerd"], _, err = s.Ask(ctx, host, "version", "--format", "{{.Server.Version}}"); err != nil {
		return err
	}
	r.Facts = append(r.Facts, c.circumstances(), floor)
	for _, m := range c.measures(s) {
		cells, facts, err := m.take(ctx)
		if err != nil {
			return err
		}
		r.Cells, r.Facts = append(r.Cells, cells...), append(r.Facts, facts...)
	}
	if err := r.Write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.Markdown())
	return err
}

const floor = aVethAlone + " is a plugin that makes a veth, gives it away and does nothing else: what it costs is dockerd's own, and no plugin is cheaper"

func (c *config) circumstances() string {
	rules := "without rules of iptables and without proxies, as a lab has it"
	if c.packaged {
		rules = "with rules of iptables and proxies, as its package starts it"
	}
	return fmt.Sprintf("one host of a lab; dockerd %s; each measurement is the middle one of %d commands", rules, c.runs)
}

// take measures all subjects in turn, every other time backwards.
func (m *measure) take(ctx context.Context) ([]report.Cell, []string, error) {
	for _, sub := range m.subjects { // programs and networks warm up
		if _, err := m.do(ctx, sub); err != nil {
			return nil, nil, err
		}
	}
	rows := make([][]report.Row, len(m.steps)) // of each step, by subject
	for i := range rows {
		rows[i] = make([]report.Row, len(m.subjects))
	}
	for pair := range m.pairs {
		times, err := m.round(ctx, pair%2 == 1)
		if err != nil {
			return nil, nil, err
		}
		for k, sub := range m.subjects {
			for i := range m.steps {
				rows[i][k].Subject = sub.name
				rows[i][k].Trials = append(rows[i][k].Trials, report.Trial{Median: middle(times[k], i)})
			}
		}
		fmt.Fprintf(os.Stderr, "%s: pair %d of %d measured\n", m.steps[0].name, pair+1, m.pairs)
	}
	cells, facts := m.report(rows)
	return cells, facts, nil
}

// round measures every subject so many times, one of each after the other.
func (m *measure) round(ctx context.Context, backwards bool) ([][][]time.Duration, error) {
	times := make([][][]time.Duration, len(m.subjects))
	for range m.runs {
		for k := range m.subjects {
			if backwards {
				k = len(m.subjects) - 1 - k
			}
			took, err := m.do(ctx, m.subjects[k])
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", m.steps[0].name, m.subjects[k].name, err)
			}
			times[k] = append(times[k], took)
		}
	}
	return times, nil
}

// middle returns the median time of a step.
func middle(times [][]time.Duration, step int) time.Duration {
	list := make([]float64, len(times))
	for i := range times {
		list[i] = float64(times[i][step])
	}
	return time.Duration(stats.Median(list))
}

// report makes a cell of each step. Where none was measured it is taken off.
func (m *measure) report(rows [][]report.Row) (cells []report.Cell, facts []string) {
	for i, st := range m.steps {
		cell := report.Cell{Name: st.name, About: st.about, Rows: rows[i]}
		compared := rows[i]
		if m.subjects[0].network == none {
			compared = nil
			for _, row := range rows[i][1:] {
				compared = append(compared, lessNone(row, rows[i][0]))
			}
			cell.Rows = append(cell.Rows, compared...)
		}
		for _, row := range compared[1:] {
			ratio, err := over(row, compared[0])
			if err != nil {
				facts = append(facts, fmt.Sprintf("%s, %s: no ratio: %v", st.name, row.Subject, err))
				continue
			}
			cell.Ratios = append(cell.Ratios, ratio)
			if strings.HasPrefix(row.Subject, aVethAlone) && ratio.Low > 0.5 {
				facts = append(facts, fmt.Sprintf("%s: half of Docker's bridge is out of a plugin's reach; a veth alone takes %.2f of it", st.name, ratio.Mean))
			}
		}
		cells = append(cells, cell)
	}
	return cells, facts
}

// over returns what a row is of another.
func over(row, base report.Row) (report.Ratio, error) {
	of := func(t *report.Trial) float64 { return float64(t.Median) }
	r, err := stats.RatioOfMeans(row.Values(of), base.Values(of))
	return report.Ratio{Name: row.Subject + " / " + base.Subject, Ratio: r}, err
}

func lessNone(of, without report.Row) report.Row {
	out := report.Row{Subject: of.Subject + " less none"}
	for i := range of.Trials {
		out.Trials = append(out.Trials, report.Trial{Median: of.Trials[i].Median - without.Trials[i].Median})
	}
	return out
}
