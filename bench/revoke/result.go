// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stats"
)

// result is what was measured.
type result struct {
	*report.Report
	Cuts []cuts `json:"cuts"`
}

// cuts are those of one way to take a permission away.
type cuts struct {
	Name  string  `json:"name"`
	About string  `json:"about"`
	Times []times `json:"times"`
}

func newResult(ctx context.Context, c *config, args []string) (*result, error) {
	r, err := report.New(ctx, "Revocation of a running stream", append([]string{"bench/run", "revoke"}, args...))
	if err != nil {
		return nil, err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.linkspan, "version")
	r.Facts = append(r.Facts,
		fmt.Sprintf("a lab of two hosts; a TCP stream between a container on each, %d bytes every %s; both ends are read on one clock", piece, pace),
		fmt.Sprintf("flows and entries are looked for every %s on both hosts; nothing came of any stream for %s after it was cut", glance, silence))
	return &result{Report: r}, nil
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

// markdown returns the report for people.
func (r *result) markdown() []byte {
	b := bytes.NewBuffer(r.Markdown())
	fmt.Fprint(b, "\nFrom the request on that takes the permission away.\n")
	for i := range r.Cuts {
		c := &r.Cuts[i]
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n| | median | p95 | max | times |\n|---|---:|---:|---:|---:|\n", c.Name, c.About)
		for _, line := range []struct {
			name string
			of   func(*times) time.Duration
		}{
			{"**the last byte arrives**", func(t *times) time.Duration { return t.Last }},
			{"no flow is left on either host", func(t *times) time.Duration { return t.Flows }},
			{"no entry of connection tracking is left on either host", func(t *times) time.Duration { return t.Entries }},
			{"the request is answered", func(t *times) time.Duration { return t.Answered }},
		} {
			var all []time.Duration
			for k := range c.Times {
				all = append(all, line.of(&c.Times[k]))
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %d |\n", line.name, report.Span(stats.Quantile(all, 0.5)),
				report.Span(stats.Quantile(all, 0.95)), report.Span(slices.Max(all)), len(all))
		}
	}
	return b.Bytes()
}
