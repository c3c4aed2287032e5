// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/watched"
)

// result is what was measured.
type result struct {
	*report.Report
	Policies  int `json:"policies"`
	Hosts     int `json:"hosts"`
	Endpoints int `json:"endpoints"`

	Without  watched.Usage `json:"without"` // policies
	With     watched.Usage `json:"with"`    // them, and nobody has said anything
	Talking  watched.Usage `json:"talking"` // all conversations have begun
	Apply    time.Duration `json:"apply_ns"`
	ApplyCPU time.Duration `json:"apply_cpu_ns"`

	TalkTime time.Duration `json:"talk_ns"`
	TalkCPU  time.Duration `json:"talk_cpu_ns"`
	Whole    int           `json:"talks_whole"`
	Tracked  int           `json:"talks_tracked"`
	Denied   int           `json:"talks_denied"`
	Flows    int           `json:"flows"` // of all bridges, between two endpoints

	// In a process without a controller.
	Selectors  int64         `json:"selectors_bytes"` // that the View has because of policies, beside these
	Memo       int64         `json:"memo_bytes"`      // of one that was asked about all conversations
	First      time.Duration `json:"first_decision_ns"`
	Again      time.Duration `json:"memoised_decision_ns"`
	Ungoverned time.Duration `json:"decision_without_policies_ns"`

	Changes []kindCost `json:"changes"`
}

// kindCost is what changes of a kind cost, each as it comes and as it goes.
type kindCost struct {
	Name     string    `json:"name"`
	Selected []float64 `json:"endpoints_selected"`
	Talks    []float64 `json:"conversations"`
	Come     []seen    `json:"come"`
	Gone     []seen    `json:"gone"`
}

func (c *kindCost) add(selected, talks int, come, gone seen) {
	c.Selected, c.Talks = append(c.Selected, float64(selected)), append(c.Talks, float64(talks))
	c.Come, c.Gone = append(c.Come, come), append(c.Gone, gone)
}

func newResult(ctx context.Context, c *config, args []string) (*result, error) {
	r, err := report.New(ctx, "Policies", append([]string{"bench/run", "policy"}, args...))
	if err != nil {
		return nil, err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	r.Facts = append(r.Facts,
		"hosts are simulated in one process on the same machine; the controller is a real process with its embedded store",
		"every FlowMod of a change was looked at: none touched a flow of a conversation that the policy does not speak of",
		"after each change the flows of every conversation that it concerns were held against the decider")
	return &result{Report: r, Policies: c.policies, Hosts: c.hosts, Endpoints: c.hosts * c.endpoints}, nil
}

// write writes name.md and name.json into a folder, which it makes.
func (r *result) write(dir, name string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, name+".json"), data.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, name+".md"), r.markdown(), 0o644))
}
