// SPDX-License-Identifier: Apache-2.0

package pairs

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stand"
)

// Plan is what a program measures.
type Plan struct {
	Title      string
	Command    []string // line by which the program was called, after bench/run
	SwitchArgs []string // more arguments for linkspan serve switch
	// Prepare starts the pairs and returns what is to be measured of them. It may
	// add facts to the report.
	Prepare func(context.Context, *stand.Stand, *report.Report) ([]Cell, error)
	// Before is called before each round, by its number; nil: there is nothing to do.
	Before func(ctx context.Context, s *stand.Stand, round int) error
}

// Run carries out a plan on a lab of its own, and writes the report.
func (c *Config) Run(ctx context.Context, p Plan) (err error) {
	if c.Linkspan, err = filepath.Abs(c.Linkspan); err != nil {
		return err
	}
	r, err := report.New(ctx, p.Title, append([]string{"bench/run"}, p.Command...))
	if err != nil {
		return err
	}
	r.Versions["Linkspan"] = report.Version(ctx, c.Linkspan, "version")
	if r.Cells, err = c.onStand(ctx, p, r); err != nil {
		return err
	}
	if err := r.Write(c.Results, c.Name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.Markdown())
	return err
}

// onStand does so on a stand that is gone afterwards, with all that the plan put
// there.
func (c *Config) onStand(ctx context.Context, p Plan, r *report.Report) (out []report.Cell, err error) {
	dir, err := os.MkdirTemp("", "linkspan-pairs-") // short, as a lab needs it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := stand.Up(ctx, stand.Config{Linkspan: c.Linkspan, Hosts: 2, Dir: dir, SwitchArgs: p.SwitchArgs})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	cells, err := p.Prepare(ctx, s, r)
	if err != nil {
		return nil, err
	}
	before := func(round int) error {
		if p.Before == nil {
			return nil
		}
		return p.Before(ctx, s, round)
	}
	return c.interleave(ctx, s, cells, before)
}
