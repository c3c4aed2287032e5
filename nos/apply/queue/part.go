// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Options are how a Part works. The zero value is fine.
type Options struct {
	Log *slog.Logger // default: discard
}

// Part keeps the filters of ports.
type Part struct {
	log    *slog.Logger
	needed chan struct{} // a token once there are filters

	mu  sync.Mutex
	all map[string]filter // that hold, by device
}

var _ config.Host = (*Part)(nil)

// New returns a Part for the devices of this network namespace.
func New(o Options) *Part {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Part{log: o.Log, needed: make(chan struct{}, 1), all: make(map[string]filter)}
}

// hold notes the filters that hold, for Run. p.mu is held.
func (p *Part) hold(all map[string]filter) {
	if p.all = all; len(all) == 0 {
		return
	}
	select {
	case p.needed <- struct{}{}:
	default: // it knows
	}
}

// Plan implements [config.Host].
func (p *Part) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	return &plan{part: p, unknown: old == nil, old: wanted(old), new: wanted(new)}, nil
}

// Drift implements [config.Host].
func (p *Part) Drift(_ context.Context, t *tree.Tree) ([]config.Drift, error) {
	var list []config.Drift
	var blind []error
	all := wanted(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		have, err := get(name)
		switch {
		case errors.Is(err, errNone):
			list = append(list, config.Drift{Path: f.path(), Want: "filter of " + name})
		case err != nil:
			blind = append(blind, err)
		case !bytes.Equal(have, encode(f.codes.program())):
			list = append(list, config.Drift{Path: f.path(), Want: "filter of " + name, Have: "another filter"})
		}
	}
	return list, errors.Join(blind...)
}

// plan is a way from some filters to others.
type plan struct {
	part     *Part
	unknown  bool // how the host is
	old, new map[string]filter
}

// changed returns the devices whose filter is another one, sorted. Of an unknown host all.
func (p *plan) changed() []string {
	names := make(map[string]bool)
	for name, f := range p.new {
		if before, had := p.old[name]; p.unknown || !had || !before.equal(f) {
			names[name] = true
		}
	}
	for name := range p.old {
		if _, has := p.new[name]; !has {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Steps implements [config.Plan].
func (p *plan) Steps() []string {
	var list []string
	for _, name := range p.changed() {
		list = append(list, fmt.Sprintf("queues of %s: by %d code points", name, len(p.new[name].codes)))
	}
	return list
}

// Apply implements [config.Plan].
func (p *plan) Apply(ctx context.Context) error {
	p.part.mu.Lock()
	defer p.part.mu.Unlock()
	var left []error
	for _, name := range p.changed() {
		err := ensure(name, p.new)
		if err != nil && !p.unknown {
			return config.Undone(err, p.back())
		}
		left = append(left, err)
	}
	p.part.hold(p.new)
	return errors.Join(left...)
}

// ensure makes the filter of a device as it should be.
func ensure(name string, all map[string]filter) error {
	f, ok := all[name]
	if !ok {
		return remove(name)
	}
	return put(name, f.codes.program())
}

// Verify implements [config.Plan].
func (p *plan) Verify(context.Context) error {
	for _, name := range p.changed() {
		f, ok := p.new[name]
		have, err := get(name)
		if ok && err != nil {
			return fmt.Errorf("read back the filter of %s: %w", name, err)
		}
		if ok && !bytes.Equal(have, encode(f.codes.program())) || !ok && err == nil {
			return &linkspan.Error{Code: linkspan.Internal, Message: "the filter at the queues of " + name + " is not as it was written"}
		}
	}
	return nil
}

// Undo implements [config.Plan].
func (p *plan) Undo(context.Context) error {
	p.part.mu.Lock()
	defer p.part.mu.Unlock()
	p.part.hold(p.old)
	return p.back()
}

// back makes all filters as they were. A device whose queues are gone has no filter,
// until Open vSwitch makes them again.
func (p *plan) back() error {
	var left []error
	for _, name := range p.changed() {
		if err := ensure(name, p.old); err != nil && !gone(err) {
			left = append(left, err)
		}
	}
	return errors.Join(left...)
}
