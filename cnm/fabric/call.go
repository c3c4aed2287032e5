// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
)

// call tries do until it succeeds, fails for good or ctx ends. unsure says
// that a try ended without an answer, so that it may have been done. When ctx
// ends the error has code Unavailable and wraps the last one.
func (f *Fabric) call(ctx context.Context, op string, do func(context.Context) error) (unsure bool, err error) {
	changed, stop := f.Changed()
	defer stop()
	var pauses backoff
	for {
		err := f.attempt(ctx, do)
		if err == nil {
			return unsure, nil
		}
		if ctx.Err() == nil && !transient(err) {
			return unsure, withOp(op, api.FromRPC(err))
		}
		unsure = unsure || unanswered(err)
		if ctx.Err() != nil || pauses.wait(ctx, changed) != nil {
			return unsure, away(op, err)
		}
	}
}

func (f *Fabric) attempt(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Attempt)
	defer cancel()
	return do(ctx)
}

// transient says whether the same call may succeed later: the controller said
// so, or it was not the controller that spoke.
func transient(err error) bool {
	if !connect.IsWireError(err) {
		return true
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeAborted, connect.CodeDeadlineExceeded, connect.CodeCanceled:
		return true
	default:
		return false
	}
}

// unanswered says whether the call may have been done in spite of err. A
// refusal by the controller itself, a conflict included, has done nothing.
func unanswered(err error) bool {
	return !connect.IsWireError(err) || connect.CodeOf(err) != connect.CodeAborted
}

func withOp(op string, err error) error {
	var coded *linkspan.Error
	if errors.As(err, &coded) && coded.Op == "" {
		named := *coded
		named.Op = op
		return &named
	}
	return &linkspan.Error{Code: linkspan.CodeOf(err), Op: op, Err: err}
}

func away(op string, err error) error {
	return &linkspan.Error{
		Code:    linkspan.Unavailable,
		Op:      op,
		Message: "the controller is away",
		Hint:    "see why with: linkspan doctor",
		Err:     api.FromRPC(err),
	}
}
