// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
)

// hintHeader carries the hint of a coded error and codeHeader its code, as the
// RPC codes are fewer than ours.
const (
	hintHeader = "Linkspan-Hint"
	codeHeader = "Linkspan-Code"
)

var rpcCodes = map[linkspan.Code]connect.Code{
	linkspan.Internal:        connect.CodeInternal,
	linkspan.Invalid:         connect.CodeInvalidArgument,
	linkspan.NotFound:        connect.CodeNotFound,
	linkspan.Exists:          connect.CodeAlreadyExists,
	linkspan.Conflict:        connect.CodeAborted,
	linkspan.Permission:      connect.CodePermissionDenied,
	linkspan.Unauthenticated: connect.CodeUnauthenticated,
	linkspan.Unavailable:     connect.CodeUnavailable,
	linkspan.Exhausted:       connect.CodeResourceExhausted,
	linkspan.InUse:           connect.CodeFailedPrecondition,
}

// ToRPC turns err into what goes over the wire; nil stays nil. A context error
// keeps its own RPC code.
func ToRPC(err error) error {
	if err == nil {
		return nil
	}
	var already *connect.Error
	if errors.As(err, &already) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return connect.NewError(connect.CodeCanceled, err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	code := linkspan.CodeOf(err)
	out := connect.NewError(rpcCodes[code], err)
	out.Meta().Set(codeHeader, code.String())
	if hint := linkspan.HintOf(err); hint != "" {
		out.Meta().Set(hintHeader, hint)
	}
	return out
}

// FromRPC turns what came over the wire back into a coded error; nil stays
// nil. A connection that could not be made has code Unavailable, unless this
// side refused it with a code of its own, as when the server is a stranger.
func FromRPC(err error) error {
	if err == nil {
		return nil
	}
	var rpc *connect.Error
	if !errors.As(err, &rpc) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	var own *linkspan.Error
	if errors.As(rpc.Unwrap(), &own) {
		return own
	}
	out := &linkspan.Error{Code: codeOf(rpc), Message: rpc.Message(), Hint: rpc.Meta().Get(hintHeader)}
	if rpc.Code() == connect.CodeDeadlineExceeded {
		out.Err = context.DeadlineExceeded
	}
	return out
}

func codeOf(rpc *connect.Error) linkspan.Code {
	if name := rpc.Meta().Get(codeHeader); name != "" {
		return linkspan.ParseCode(name)
	}
	if rpc.Code() == connect.CodeDeadlineExceeded || rpc.Code() == connect.CodeCanceled {
		return linkspan.Unavailable // canceled by the other side, which is ending
	}
	for ours, theirs := range rpcCodes {
		if theirs == rpc.Code() {
			return ours
		}
	}
	return linkspan.Internal
}
