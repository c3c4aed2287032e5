// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"errors"
	"time"
)

// undoLimit bounds the undoing of one operation, whose own context may have
// ended already.
const undoLimit = 10 * time.Second

// Undo collects how to take back what an operation did so far. The zero value
// is ready.
type Undo struct {
	steps []func(context.Context) error
}

// Add notes how to take back the step just done.
func (u *Undo) Add(step func(context.Context) error) { u.steps = append(u.steps, step) }

// Run takes back all steps, the last one first, in up to ten seconds whether
// or not ctx has ended, and returns err joined with what went wrong.
func (u *Undo) Run(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	errs := []error{err}
	for i := len(u.steps) - 1; i >= 0; i-- {
		if undoErr := u.steps[i](ctx); undoErr != nil {
			errs = append(errs, undoErr)
		}
	}
	if len(errs) == 1 {
		return err
	}
	return errors.Join(errs...)
}
