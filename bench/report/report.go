// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/stats"
)

// Report is one run of a benchmark.
type Report struct {
	Title    string            `json:"title"`
	Time     time.Time         `json:"time"`
	Machine  Machine           `json:"machine"`
	Commit   string            `json:"commit"`
	Command  []string          `json:"command"`
	Versions map[string]string `json:"versions"`
	Facts    []string          `json:"facts,omitempty"` // sentences that belong to the figures
	Cells    []Cell            `json:"cells"`
}

// Cell is one thing measured of several subjects, trial by trial in turn.
type Cell struct {
	Name   string  `json:"name"`
	About  string  `json:"about"`          // what was done
	Unit   string  `json:"unit,omitempty"` // of PerSecond, where it is no controller's answers
	CPU    string  `json:"cpu,omitempty"`  // whose time PerCPUSecond is of, where that is no controller's
	Rows   []Row   `json:"rows"`
	Ratios []Ratio `json:"ratios,omitempty"`
}

// Row is what was measured of one subject.
type Row struct {
	Subject string  `json:"subject"`
	Trials  []Trial `json:"trials"`
}

// Trial is one run.
type Trial struct {
	PerSecond     float64       `json:"per_second"`
	PerCPUSecond  float64       `json:"per_cpu_second"` // of the controller's CPU time, or of what forwards
	Median        time.Duration `json:"p50_ns"`
	High          time.Duration `json:"p99_ns"`
	Controller    float64       `json:"controller_cores"` // CPU seconds per second
	Generator     float64       `json:"generator_cores"`
	Idle          float64       `json:"idle_cores"`
	ControllerMax int           `json:"controller_max_cores"`          // that it could use
	Repeated      float64       `json:"repeated_per_second,omitempty"` // segments that TCP sent again
}

// Ratio is a named ratio of two subjects over all pairs.
type Ratio struct {
	Name string `json:"name"`
	stats.Ratio
}

// New returns a report without cells that says where and how it was made.
func New(ctx context.Context, title string, command []string) (*Report, error) {
	machine, err := ThisMachine()
	if err != nil {
		return nil, err
	}
	return &Report{
		Title: title, Time: time.Now().UTC().Truncate(time.Second), Machine: machine,
		Commit: commit(ctx), Command: command, Versions: map[string]string{},
	}, nil
}

// Write writes name.md and name.json into a folder, which it makes.
func (r *Report) Write(dir, name string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), data.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".md"), r.Markdown(), 0o644)
}

// Value returns the median of a number over the trials of a row.
func (r *Row) Value(of func(*Trial) float64) float64 { return stats.Median(r.Values(of)) }

// Values returns a number of every trial.
func (r *Row) Values(of func(*Trial) float64) []float64 {
	list := make([]float64, len(r.Trials))
	for i := range r.Trials {
		list[i] = of(&r.Trials[i])
	}
	return list
}
