// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// attach has what is typed go to a service, and what it prints to the terminal, until either ends.
func (s *Shell) attach(ctx context.Context, c *call) error {
	if s.console == nil {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "this needs a terminal"}
	}
	if err := c.out.print("Type ~. at the beginning of a line to come back."); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	stream := s.operate.Attach(ctx)
	columns, rows := s.console.size()
	if err := stream.Send(&apiv1.OperateServiceAttachRequest{Service: c.args["SERVICE"], Columns: columns, Rows: rows}); err != nil && !errors.Is(err, io.EOF) {
		cancel()
		return err
	}
	typed := make(chan struct{})
	release := s.console.raw()
	go func() {
		defer close(typed)
		defer cancel()
		s.typing(stream)
	}()
	err := s.shown(stream)
	release()
	<-typed
	if ctx.Err() != nil && connect.CodeOf(err) == connect.CodeCanceled {
		return nil // somebody came back
	}
	return err
}

type attachment = connect.BidiStreamForClient[apiv1.OperateServiceAttachRequest, apiv1.OperateServiceAttachResponse]

// typing sends keys and sizes until the escape is typed or the terminal is taken back.
func (s *Shell) typing(stream *attachment) {
	var e escape
	buffer := make([]byte, 1024)
	for {
		n, err := s.console.readRaw(buffer)
		columns, rows := s.console.resized()
		input, left := e.take(buffer[:n])
		if len(input) > 0 || columns > 0 {
			if stream.Send(&apiv1.OperateServiceAttachRequest{Input: input, Columns: columns, Rows: rows}) != nil {
				return
			}
		}
		if left || err != nil {
			_ = stream.CloseRequest() // nothing more is typed
			return
		}
	}
}

// shown prints what the service prints, as it is.
func (s *Shell) shown(stream *attachment) error {
	for {
		m, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := s.console.rw.Write(m.GetOutput()); err != nil {
			return err
		}
	}
}

// escape finds ~. at the beginning of a line. The zero value is at one.
type escape struct {
	within bool     // a line
	tilde  bool     // is held back
	code   sequence // what a terminal sends by itself is no part of a line
}

// take returns what of the keys goes on, and whether the escape is complete.
func (e *escape) take(keys []byte) (input []byte, left bool) {
	for _, k := range keys {
		switch {
		case e.code.has(k):
			input = append(input, k)
			continue
		case e.tilde && k == '.':
			return input, true
		case e.tilde:
			e.tilde = false
			if k != '~' { // two of them are one
				input = append(input, '~')
			}
			input = append(input, k)
		case k == '~' && !e.within:
			e.tilde = true
			continue
		default:
			input = append(input, k)
		}
		e.within = k != '\r' && k != '\n'
	}
	return input, false
}

// sequence follows control sequences (ECMA-48, 5.4): answers of a terminal that was asked
// where its cursor is, and keys that are no characters.
type sequence uint8

const (
	outside sequence = iota
	escaped          // after ESC
	inside           // after ESC [
)

// has says whether a byte is of a sequence.
func (s *sequence) has(b byte) bool {
	switch {
	case *s == outside && b == 0x1b:
		*s = escaped
	case *s == escaped && b == '[':
		*s = inside
	case *s == escaped:
		*s = outside
	case *s == inside:
		if b >= 0x40 && b <= 0x7e {
			*s = outside
		}
	default:
		return false
	}
	return true
}
