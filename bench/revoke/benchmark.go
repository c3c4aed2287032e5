// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/bench/stand"
)

// stage is a lab, its administrator, and the two networks' containers.
type stage struct {
	config  *config
	stand   *stand.Stand
	admin   *api.Client
	ends    map[string]*end
	bridges []bridge
}

// benchmark measures everything on a lab of its own and writes the report.
func (c *config) benchmark(ctx context.Context, args []string) (err error) {
	if c.linkspan, err = filepath.Abs(c.linkspan); err != nil {
		return err
	}
	r, err := newResult(ctx, c, args)
	if err != nil {
		return err
	}
	if err := c.onStand(ctx, r); err != nil {
		return err
	}
	if err := r.write(c.results, c.name); err != nil {
		return err
	}
	_, err = os.Stdout.Write(r.markdown())
	return err
}

func (c *config) onStand(ctx context.Context, r *result) (err error) {
	dir, err := os.MkdirTemp("", "linkspan-revoke-") // short, as a lab needs it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{config: c, ends: make(map[string]*end)}
	if s.stand, err = stand.Up(ctx, stand.Config{Linkspan: c.linkspan, Hosts: 2, Dir: dir}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stand.Close(ctx)) }()
	s.admin = api.Unix(s.stand.Socket())
	defer s.admin.Close()
	if err := s.furnish(ctx); err != nil {
		return err
	}
	for _, p := range permissions() {
		if !strings.Contains(p.name, c.only) {
			continue
		}
		if err := s.measure(ctx, &p, r); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// measure gives a permission and takes it away, so many times.
func (s *stage) measure(ctx context.Context, p *permission, r *result) error {
	c := cuts{Name: p.name, About: p.about}
	for i := range s.config.times {
		t, err := s.once(ctx, p)
		if err != nil {
			return fmt.Errorf("time %d: %w", i+1, err)
		}
		c.Times = append(c.Times, t)
	}
	r.Cuts = append(r.Cuts, c)
	fmt.Fprintf(os.Stderr, "%s: measured\n", p.name)
	return p.clear(ctx, s)
}

// once has a stream run by a permission that is then taken away.
func (s *stage) once(ctx context.Context, p *permission) (t times, err error) {
	if err := p.give(ctx, s); err != nil {
		return t, err
	}
	from, to := s.ends[p.from], s.ends[p.to]
	f, err := open(ctx, from, to)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.runs(ctx); err != nil {
		return t, err
	}
	look := s.traces(from, to)
	if before, err := look(); err != nil {
		return t, err
	} else if before.flows == 0 || p.tracked != (before.entries > 0) {
		return t, fmt.Errorf("the stream runs by %d flows and %d entries of connection tracking", before.flows, before.entries)
	}
	return f.cut(ctx, look, func() error { return p.take(ctx, s) })
}
