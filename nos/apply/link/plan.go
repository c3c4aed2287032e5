// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"slices"

	"github.com/linkspan/linkspan/nos/config"
)

// step is one thing that is done, and how it is undone.
type step struct {
	text     string // for people; empty: it is not worth telling
	do, undo func(context.Context) error
}

// plan is steps, one after the other.
type plan struct {
	steps  []step
	all    bool // from an unknown host: as much as can be done is done
	verify func(context.Context) error
	done   int
}

// Steps says what would be done.
func (p *plan) Steps() []string {
	var texts []string
	for _, s := range p.steps {
		if s.text != "" {
			texts = append(texts, s.text)
		}
	}
	return texts
}

// Apply does the steps; when one fails those before it are undone.
func (p *plan) Apply(ctx context.Context) error {
	var wrong []error
	for i, s := range p.steps {
		p.done = i + 1
		if s.do == nil {
			continue
		}
		err := s.do(ctx)
		if err != nil && !p.all {
			return config.Undone(err, p.Undo(context.WithoutCancel(ctx)))
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// Verify reads back.
func (p *plan) Verify(ctx context.Context) error {
	if p.verify == nil {
		return nil
	}
	return p.verify(ctx)
}

// Undo undoes the steps that were done, also the one that was done half. When some of it
// fails it may be called again.
func (p *plan) Undo(ctx context.Context) error {
	var wrong []error
	for _, s := range slices.Backward(p.steps[:p.done]) {
		if s.undo != nil {
			wrong = append(wrong, s.undo(ctx))
		}
	}
	err := errors.Join(wrong...)
	if err == nil {
		p.done = 0
	}
	return err
}
