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

// figures is what was measured of one size.
type figures struct {
	Hosts      int           `json:"hosts"`
	Endpoints  int           `json:"endpoints"`
	Networks   int           `json:"networks"`
	Members    int           `json:"members"` // of the network in which another host gets its first endpoint
	Flows      float64       `json:"static_flows_per_endpoint"`
	JoinTime   time.Duration `json:"join_ns"`
	AttachTime time.Duration `json:"attach_ns"`
	// To hosts while all endpoints attach, for each of these.
	AttachMessages float64 `json:"attach_messages"`
	AttachBytes    float64 `json:"attach_bytes"`

	Empty     watched.Usage `json:"empty"`     // networks only
	Joined    watched.Usage `json:"joined"`    // all hosts connected
	Attached  watched.Usage `json:"attached"`  // all endpoints attached
	Restarted watched.Usage `json:"restarted"` // after a crash

	StoreJoined   weight `json:"store_joined"`   // all hosts connected
	StoreAttached weight `json:"store_attached"` // all endpoints attached

	IdleCores float64 `json:"idle_cores"`
	Endpoint  cost    `json:"endpoint"`
	Presence  cost    `json:"presence"`
	Network   cost    `json:"network"`
	Reconcile cost    `json:"reconcile"`
	Crash     start   `json:"crash"`
	Power     start   `json:"power"`
}

// cost is that of one change.
type cost struct {
	Until    time.Duration `json:"until_ns"`     // all whom it concerns have seen it, median
	Slowest  time.Duration `json:"until_max_ns"` // the same, of the slowest
	CPU      time.Duration `json:"cpu_ns"`       // of the controller
	Messages float64       `json:"messages"`     // to hosts
	Bytes    float64       `json:"bytes"`        // of these
}

// start is that of a controller with everything stored.
type start struct {
	Listens time.Duration `json:"listens_ns"`
	LoadCPU time.Duration `json:"load_cpu_ns"` // until then
	InPlace time.Duration `json:"in_place_ns"` // all hosts, from the start on
	CPU     time.Duration `json:"cpu_ns"`      // until then
	Median  time.Duration `json:"bridge_p50_ns"`
	Slowest time.Duration `json:"bridge_max_ns"`
	Peak    int64         `json:"resident_bytes"` // then
}

// result is what was measured of every layout.
type result struct {
	*report.Report
	Layouts []measured `json:"layouts"`
}

type measured struct {
	Name  string    `json:"name"`
	About string    `json:"about"`
	Sizes []figures `json:"sizes"`
}

func newResult(ctx context.Context, c *config, args []string) (*result, error) {
	r, err := report.New(ctx, "Size", append([]string{"bench/run", "scale"}, args...))
	if err != nil {
		return nil, err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	r.Facts = append(r.Facts, "hosts are simulated in one process, with a connection and a certificate each, on the same machine; the controller is a real process with its embedded store")
	return &result{Report: r}, nil
}

func (r *result) add(l layout, f figures) {
	if n := len(r.Layouts); n == 0 || r.Layouts[n-1].Name != l.name {
		r.Layouts = append(r.Layouts, measured{Name: l.name, About: l.about})
	}
	last := &r.Layouts[len(r.Layouts)-1]
	last.Sizes = append(last.Sizes, f)
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
