// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Attacher opens terminals in the containers of services.
type Attacher interface {
	// Services returns the names of what can be attached to, in order.
	Services(ctx context.Context) []string

	// Attach runs a shell in a service's container until it ends, or ctx does. The error is
	// NotFound if there is no such service.
	Attach(ctx context.Context, service string, t Terminal) error
}

// Terminal is what somebody sits at.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Sizes <-chan Size // the first at once; closed when nobody sits there any more
}

// Size is that of a terminal, in characters.
type Size struct{ Columns, Rows uint32 }

// Attach implements the service.
func (s operateService) Attach(ctx context.Context, stream *connect.BidiStream[apiv1.OperateServiceAttachRequest, apiv1.OperateServiceAttachResponse]) error {
	first, err := stream.Receive()
	if err != nil {
		return err
	}
	noted(ctx).text += " " + first.GetService()
	if s.options.Attach == nil {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "there are no services on this switch"}
	}
	if err := noted(ctx).begin(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	in, typed := io.Pipe()
	sizes := make(chan Size, 1)
	sizes <- Size{first.GetColumns(), first.GetRows()}
	go func() {
		defer close(sizes)
		typed.CloseWithError(receive(ctx, stream, typed, sizes))
	}()
	err = s.options.Attach.Attach(ctx, first.GetService(), Terminal{In: in, Out: attached{stream}, Sizes: sizes})
	in.CloseWithError(io.ErrClosedPipe)
	cancel()
	// The stream is read until its end, which comes when the handler has returned; the
	// goroutine ends with it and uses nothing of the call.
	return err
}

// receive passes on what is typed and how the size changes until the stream ends.
func receive(ctx context.Context, stream *connect.BidiStream[apiv1.OperateServiceAttachRequest, apiv1.OperateServiceAttachResponse], typed io.Writer, sizes chan Size) error {
	for ctx.Err() == nil {
		m, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.GetColumns() > 0 {
			select { // the last one is what counts
			case <-sizes:
			default:
			}
			sizes <- Size{m.GetColumns(), m.GetRows()}
		}
		if len(m.GetInput()) > 0 {
			if _, err := typed.Write(m.GetInput()); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// attached sends what a service's terminal shows.
type attached struct {
	stream *connect.BidiStream[apiv1.OperateServiceAttachRequest, apiv1.OperateServiceAttachResponse]
}

// Write implements io.Writer.
func (a attached) Write(p []byte) (int, error) {
	if err := a.stream.Send(&apiv1.OperateServiceAttachResponse{Output: p}); err != nil {
		return 0, err
	}
	return len(p), nil
}
