// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Markdown returns the report for people: medians over the trials.
func (r *Report) Markdown() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n", r.Title)
	m := r.Machine
	fmt.Fprintf(&b, "- %s, commit %s\n", r.Time.Format(time.RFC3339), r.Commit)
	fmt.Fprintf(&b, "- %s, %d cores, %.1f GiB, %s, kernel %s, %s\n",
		m.CPU, m.Cores, float64(m.Memory)/(1<<30), m.System, m.Kernel, m.Go)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, r.Versions[name])
	}
	fmt.Fprintf(&b, "- `%s`\n", strings.Join(r.Command, " "))
	for _, fact := range r.Facts {
		fmt.Fprintf(&b, "- %s\n", fact)
	}
	for i := range r.Cells {
		r.Cells[i].markdown(&b, m.Cores)
	}
	return b.Bytes()
}

func (c *Cell) markdown(b *bytes.Buffer, cores int) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", c.Name, c.About)
	switch {
	case c.Unit != "":
		c.rates(b)
	case c.timed():
		c.times(b)
	default:
		c.loads(b, cores)
	}
	if len(c.Ratios) > 0 {
		fmt.Fprint(b, "\n| ratio | mean | 95 % confidence | pairs |\n|---|---|---|---|\n")
	}
	for _, q := range c.Ratios {
		fmt.Fprintf(b, "| %s | %.3g | %.3g to %.3g | %d |\n", q.Name, q.Mean, q.Low, q.High, q.Pairs)
	}
}

// timed says whether nothing but times was measured.
func (c *Cell) timed() bool {
	for i := range c.Rows {
		for k := range c.Rows[i].Trials {
			if c.Rows[i].Trials[k].PerSecond != 0 {
				return false
			}
		}
	}
	return true
}

// times prints the rows of a timed cell.
func (c *Cell) times(b *bytes.Buffer) {
	fmt.Fprint(b, "| subject | p50 | p99 | trials |\n|---|---|---|---|\n")
	for i := range c.Rows {
		mid := c.Rows[i].middle()
		high := "-"
		if mid.High != 0 {
			high = micro(mid.High)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %d |\n", c.Rows[i].Subject, micro(mid.Median), high, len(c.Rows[i].Trials))
	}
}

// loads prints the rows of a cell that put load on a controller.
func (c *Cell) loads(b *bytes.Buffer, cores int) {
	fmt.Fprintln(b, "| subject | answers/s | per controller CPU second | p50 | p99 | cores of controller, generator, others | saturated | trials |")
	fmt.Fprintln(b, "|---|---|---|---|---|---|---|---|")
	for i := range c.Rows {
		row := &c.Rows[i]
		mid := row.middle()
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.2f, %.2f, %.2f | %s | %d |\n", row.Subject,
			thousands(mid.PerSecond), thousands(mid.PerCPUSecond), micro(mid.Median), micro(mid.High),
			mid.Controller, mid.Generator, mid.Others(cores), mid.Limit(cores), len(row.Trials))
	}
}

// middle returns the median of every number of a row.
func (r *Row) middle() Trial {
	if len(r.Trials) == 0 {
		return Trial{}
	}
	return Trial{
		PerSecond:     r.Value(func(t *Trial) float64 { return t.PerSecond }),
		PerCPUSecond:  r.Value(func(t *Trial) float64 { return t.PerCPUSecond }),
		Median:        time.Duration(r.Value(func(t *Trial) float64 { return float64(t.Median) })),
		High:          time.Duration(r.Value(func(t *Trial) float64 { return float64(t.High) })),
		Controller:    r.Value(func(t *Trial) float64 { return t.Controller }),
		Generator:     r.Value(func(t *Trial) float64 { return t.Generator }),
		Idle:          r.Value(func(t *Trial) float64 { return t.Idle }),
		ControllerMax: r.Trials[0].ControllerMax,
		Repeated:      r.Value(func(t *Trial) float64 { return t.Repeated }),
	}
}

func thousands(n float64) string {
	switch {
	case n == 0:
		return "-"
	case n < 10000:
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.1f k", n/1000)
}

func micro(d time.Duration) string {
	if d >= 10*time.Millisecond || d <= -10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.0f us", float64(d)/1e3)
}
