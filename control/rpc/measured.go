// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"strings"
	"time"

	"connectrpc.com/connect"
)

// Call is a call of the API that has ended.
type Call struct {
	Method string // as in NetworkService/Create
	Code   string // ok, or the code of its error, as in not_found
	Stream bool   // took as long as the caller liked
	Took   time.Duration
}

// measured tells observe of each call. It is the outermost interceptor, as it
// needs the codes that the others give.
type measured struct{ observe func(Call) }

var _ connect.Interceptor = measured{}

func (m measured) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		begun := time.Now()
		resp, err := next(ctx, req)
		m.observe(Call{method(req.Spec()), codeOf(err), false, time.Since(begun)})
		return resp, err
	}
}

func (measured) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (m measured) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		begun := time.Now()
		err := next(ctx, conn)
		m.observe(Call{method(conn.Spec()), codeOf(err), true, time.Since(begun)})
		return err
	}
}

// method is the procedure without the name of the package.
func method(s connect.Spec) string {
	_, name, _ := strings.Cut(s.Procedure, ".v1.")
	return name
}

func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	return connect.CodeOf(err).String()
}
