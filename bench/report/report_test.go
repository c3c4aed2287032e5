// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stats"
)

func TestReportIsWritten(t *testing.T) {
	r, err := report.New(t.Context(), "Set-up", []string{"setup", "-pairs", "2"})
	if err != nil {
		t.Fatal(err)
	}
	r.Versions["peer"] = "1.2"
	r.Cells = []report.Cell{{
		Name: "Throughput", About: "Many at once.",
		Rows: []report.Row{{Subject: "ours", Trials: []report.Trial{
			{PerSecond: 100000, PerCPUSecond: 200000, Median: 50 * time.Microsecond, High: time.Millisecond, Controller: 0.5, Generator: 0.4},
			{PerSecond: 300000, PerCPUSecond: 400000, Median: 70 * time.Microsecond, High: time.Millisecond, Controller: 0.5, Generator: 0.4},
		}}},
		Ratios: []report.Ratio{{Name: "ours/theirs", Ratio: stats.Ratio{Mean: 2, Low: 1.5, High: 2.5, Pairs: 2}}},
	}}
	dir := filepath.Join(t.TempDir(), "results")
	if err := r.Write(dir, "setup"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "setup.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| ours | 200.0 k | 300.0 k | 60 us |", "| ours/theirs | 2 | 1.5 to 2.5 | 2 |", "peer: 1.2", r.Machine.Kernel} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "setup.json"))
	if err != nil {
		t.Fatal(err)
	}
	var again report.Report
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &again); diff != "" {
		t.Error(diff)
	}
}

func TestTimesHaveTheirOwnTable(t *testing.T) {
	r := report.Report{Cells: []report.Cell{{Name: "Attach", Rows: []report.Row{
		{Subject: "ours", Trials: []report.Trial{{Median: 41 * time.Millisecond}, {Median: 43 * time.Millisecond}}},
		{Subject: "less than nothing", Trials: []report.Trial{{Median: -12 * time.Millisecond, High: time.Millisecond}}},
	}}}}
	text := string(r.Markdown())
	for _, want := range []string{"| subject | p50 | p99 | trials |", "| ours | 42.0 ms | - | 2 |", "| less than nothing | -12.0 ms | 1000 us | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestRatesHaveTheirOwnTable(t *testing.T) {
	r := report.Report{Cells: []report.Cell{{Name: "Throughput", Unit: "Gbit/s", CPU: "machine", Rows: []report.Row{
		{Subject: "ours", Trials: []report.Trial{{PerSecond: 8.5, Repeated: 12000, Idle: 0.5}}},
		{Subject: "theirs", Trials: []report.Trial{{PerSecond: 12345, PerCPUSecond: 24000, Median: 40 * time.Microsecond, High: time.Millisecond}}},
	}}}}
	text := string(r.Markdown())
	for _, want := range []string{"| subject | Gbit/s | per machine CPU second |", "| ours | 8.50 | - | - | - | 12.0 k | 0.50 | 1 |", "| theirs | 12.3 k | 24.0 k | 40 us | 1000 us | - | 0.00 | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		trial report.Trial
		want  string
	}{
		{report.Trial{Controller: 0.95, Generator: 0.3, Idle: 0.7, ControllerMax: 1}, "controller"},
		{report.Trial{Controller: 1.2, Generator: 0.7, ControllerMax: 2}, "machine, mostly the controller"},
		{report.Trial{Controller: 0.7, Generator: 1.2, ControllerMax: 1}, "machine, mostly the generator"},
		{report.Trial{Controller: 0.4, Generator: 0.4, ControllerMax: 1}, "machine, mostly others"},
		{report.Trial{Controller: 0.3, Generator: 0.4, Idle: 1.2, ControllerMax: 1}, "none: round trip"},
	} {
		if got := c.trial.Limit(2); got != c.want {
			t.Errorf("%+v is limited by %q, want %q", c.trial, got, c.want)
		}
	}
}
