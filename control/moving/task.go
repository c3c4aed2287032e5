// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// task has a host do one step of a move; a limit of 0 is none.
func (m *Mover) task(ctx context.Context, host linkspan.ChassisID, d *Drive, limit time.Duration, t *apiv1.CarryTask) (*apiv1.CarryAnswer, error) {
	if limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, limit, awayError{limit})
		defer cancel()
		ctx = limited
	}
	t.Move = d.record.ID
	a, err := m.posts.ask(ctx, host, t)
	if err != nil {
		return nil, &hostError{d.record.nameOf(host), err}
	}
	return a, nil
}

// hostError is what went wrong on a host.
type hostError struct {
	host string
	err  error
}

// Error implements error.
func (e *hostError) Error() string { return "on " + e.host + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e *hostError) Unwrap() error { return e.err }

func (r *Record) nameOf(host linkspan.ChassisID) string {
	if host == r.From {
		return r.FromName
	}
	return r.ToName
}

// away says whether it is not known what became of a task.
func away(err error) bool {
	var a awayError
	return errors.As(err, &a)
}
