// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan/nos/config"
)

// plan is files that change, and the logging.
type plan struct {
	part          *Part
	changes       []change
	before, after Logging
	all           bool  // from an unknown host: as much as can be done is done
	cannot        error // what of that the host cannot do
	done          []was
}

// was is what a file was before it was written.
type was struct {
	change
	content
	before *content // of a file that was given back: what was kept of it
}

// Steps says what would be done.
func (p *plan) Steps() []string {
	var steps []string
	for _, c := range p.changes {
		steps = append(steps, c.String())
	}
	if !p.before.same(p.after) {
		steps = append(steps, p.after.String())
	}
	return steps
}

// Apply writes the files; when one cannot be written those before it are undone.
func (p *plan) Apply(ctx context.Context) error {
	wrong := []error{p.cannot}
	for _, c := range p.changes {
		err := p.apply(ctx, c)
		if err != nil && !p.all {
			return config.Undone(err, p.Undo(context.WithoutCancel(ctx)))
		}
		wrong = append(wrong, err)
	}
	p.log(p.after)
	return errors.Join(wrong...)
}

func (p *plan) apply(ctx context.Context, c change) error {
	now, err := p.part.read(c.file)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.file, err)
	}
	if c.want != nil {
		if err := p.part.kept.keep(c.file, now); err != nil {
			return fmt.Errorf("keep %s: %w", c.file, err)
		}
	}
	if next := p.part.becomes(c, now); next != now {
		p.done = append(p.done, was{change: c, content: now, before: p.part.kept.of(c)})
		if err := p.part.write(c.file, next); err != nil {
			return fmt.Errorf("write %s: %w", c.file, err)
		}
		p.part.told(ctx, c.file)
	}
	if c.want == nil { // from now on it is the host's own
		return p.part.kept.forget(c.file)
	}
	return nil
}

// Verify reads the files back.
func (p *plan) Verify(context.Context) error {
	var wrong []error
	for _, c := range p.changes {
		if c.want == nil {
			continue // it is the host's own
		}
		now, err := p.part.read(c.file)
		if err == nil && p.part.becomes(c, now) != now {
			err = errors.New("it is not as it was written")
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", c.file, err))
		}
	}
	return errors.Join(wrong...)
}

// Undo writes what the files were before. When some of it fails it may be called again.
func (p *plan) Undo(ctx context.Context) error {
	var wrong []error
	for _, w := range slices.Backward(p.done) {
		if err := p.part.write(w.file, w.content); err != nil {
			wrong = append(wrong, fmt.Errorf("write %s: %w", w.file, err))
		}
		if w.before != nil {
			wrong = append(wrong, p.part.kept.keep(w.file, *w.before))
		}
		p.part.told(ctx, w.file)
	}
	p.log(p.before)
	err := errors.Join(wrong...)
	if err == nil {
		p.done = nil
	}
	return err
}

func (p *plan) log(to Logging) {
	if p.part.options.Logging != nil && (p.all || !p.before.same(p.after)) {
		p.part.options.Logging.Log(to)
	}
}
