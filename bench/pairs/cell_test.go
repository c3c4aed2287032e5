// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/bench/report"
)

// TestCompare: all but the references are compared with each of them, first by
// rate, then by what a second of CPU time brings.
func TestCompare(t *testing.T) {
	row := func(subject string, rate float64) report.Row {
		trial := report.Trial{PerSecond: rate, PerCPUSecond: 10 / rate}
		return report.Row{Subject: subject, Trials: []report.Trial{trial, trial}}
	}
	c := report.Cell{CPU: string(Machine), Rows: []report.Row{row("one", 8), row("two", 4), row("bare", 2), row("ruled", 1)}}
	if err := compare(&c, 2); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range c.Ratios {
		got = append(got, fmt.Sprintf("%s %.3g", r.Name, r.Mean))
	}
	want := []string{
		"one / bare 4", "one / ruled 8", "two / bare 2", "two / ruled 4",
		"one / bare, per machine CPU second 0.25", "one / ruled, per machine CPU second 0.125",
		"two / bare, per machine CPU second 0.5", "two / ruled, per machine CPU second 0.25",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c.Rows[0].Trials[1].PerSecond = 0
	if compare(&c, 2) == nil {
		t.Error("a load that did nothing has a ratio")
	}
}
