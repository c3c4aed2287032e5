// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"cmp"
	"context"
	"errors"

	"github.com/linkspan/linkspan"
)

var (
	errLeft  = errors.New("it was interrupted")
	errEnded = errors.New("the controller ended in the middle of it")
)

// drive carries a move out, to its end or until ctx ends.
func (m *Mover) drive(ctx context.Context, d *Drive) {
	err := m.whole(ctx, d)
	if ctx.Err() != nil && err != nil {
		err = &linkspan.Error{Code: linkspan.Unavailable, Message: "the controller ends; it goes on with the move when it is started again"}
	}
	d.end(err)
}

func (m *Mover) whole(ctx context.Context, d *Drive) error {
	if !d.fresh {
		return m.resume(ctx, d)
	}
	steps, cancel := context.WithCancelCause(d.steps)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
	if err := m.carry(steps, d); err != nil {
		return m.undo(ctx, d, cmp.Or(context.Cause(d.steps), err))
	}
	if err := m.stop(ctx, d); err != nil {
		return m.undo(ctx, d, err)
	}
	if err := m.start(ctx, d); err != nil {
		if away(err) {
			return m.settle(ctx, d)
		}
		return m.undo(ctx, d, err)
	}
	return m.finish(ctx, d)
}

// resume goes on with what an earlier process left.
func (m *Mover) resume(ctx context.Context, d *Drive) error {
	switch d.record.Step {
	case Starting:
		return m.settle(ctx, d)
	case Removing:
		return m.finish(ctx, d)
	case Undoing:
		return m.undo(ctx, d, errors.New(d.record.Reason))
	default:
		return m.undo(ctx, d, errEnded)
	}
}
