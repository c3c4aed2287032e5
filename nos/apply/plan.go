// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/linkspan/linkspan/nos/config"
)

// planned is the plan of a part.
type planned struct {
	name string
	plan config.Plan
}

// plan is the parts' plans, one after the other.
type plan struct {
	parts   []planned
	all     bool  // from an unknown host: as much as can be done is done
	refused error // what parts could not even plan
	done    int   // how many parts were applied
}

var _ config.Plan = (*plan)(nil)

// Steps returns those of the parts, in order.
func (p *plan) Steps() []string {
	var steps []string
	for _, part := range p.parts {
		steps = append(steps, part.plan.Steps()...)
	}
	return steps
}

// Apply applies the parts in order. When one fails, those before it are undone; from an
// unknown host all are applied, and nothing is undone.
func (p *plan) Apply(ctx context.Context) error {
	if p.all {
		return p.applyAll(ctx)
	}
	for i, part := range p.parts {
		if err := named(part.name, part.plan.Apply(ctx)); err != nil {
			return config.Undone(err, p.Undo(context.WithoutCancel(ctx)))
		}
		p.done = i + 1
	}
	return nil
}

func (p *plan) applyAll(ctx context.Context) error {
	wrong := []error{p.refused}
	for _, part := range p.parts {
		wrong = append(wrong, named(part.name, part.plan.Apply(ctx)))
	}
	p.done = len(p.parts)
	return errors.Join(wrong...)
}

// Verify reads back all parts.
func (p *plan) Verify(ctx context.Context) error {
	var wrong []error
	for _, part := range p.parts {
		wrong = append(wrong, named(part.name, part.plan.Verify(ctx)))
	}
	return errors.Join(wrong...)
}

// Undo undoes the parts that were applied, the last one first. One that cannot be
// undone does not keep the others from it, and is tried once more when they are: what it stands
// on may only then be there again.
func (p *plan) Undo(ctx context.Context) error {
	var again []planned
	for _, part := range slices.Backward(p.parts[:p.done]) {
		if part.plan.Undo(ctx) != nil {
			again = append(again, part)
		}
	}
	p.done = 0
	var wrong []error
	for _, part := range slices.Backward(again) {
		wrong = append(wrong, named(part.name, part.plan.Undo(ctx)))
	}
	return errors.Join(wrong...)
}
