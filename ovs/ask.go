// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"io"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Question is a multipart request, and who gets the body of each reply. A body
// is valid until Each returns.
type Question struct {
	Request openflow.Encoder
	Each    func(body []byte) error
}

// Ask asks the bridge over a connection of its own, whatever else is connected,
// and returns when all is answered. Without a question it returns nil when
// ovs-vswitchd serves the bridge. Errors: Unavailable when it is away or ctx
// ends first, Internal when the bridge refuses a question, else what Each
// returned.
func (s *Switch) Ask(ctx context.Context, questions ...Question) error {
	conn, err := s.Channel(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	err = converse(conn, questions)
	if ctx.Err() != nil {
		return away("the bridge does not answer in time", ctx.Err())
	}
	return err
}

// converse numbers the questions from 1; a barrier behind them shows that the bridge
// reads.
func converse(conn io.ReadWriter, questions []Question) error {
	hello := openflow.Hello{Versions: 1 << openflow.Version}
	b := hello.Append(nil, 0)
	for i, q := range questions {
		b = q.Request.Append(b, uint32(i+1))
	}
	last := uint32(len(questions) + 1)
	if _, err := conn.Write(new(openflow.BarrierRequest).Append(b, last)); err != nil {
		return away("write to the bridge", err)
	}
	for r := openflow.NewReader(conn); ; {
		m, err := r.Next()
		if err != nil {
			return away("read from the bridge", err)
		}
		switch {
		case m.Type() == openflow.TypeBarrierReply && m.XID() == last:
			return nil
		case m.XID() == 0 || m.XID() >= last: // not an answer
		default:
			if err := answer(m, questions[m.XID()-1]); err != nil {
				return err
			}
		}
	}
}

func answer(m openflow.Message, q Question) error {
	switch m.Type() {
	case openflow.TypeMultipartReply:
		var part openflow.Multipart
		if err := part.DecodeReply(m); err != nil {
			return fmt.Errorf("reply of the bridge: %w", err)
		}
		return q.Each(part.Body)
	case openflow.TypeError:
		refusal := new(openflow.ErrorMessage)
		if err := refusal.Decode(m); err != nil {
			return fmt.Errorf("refusal of the bridge: %w", err)
		}
		return &linkspan.Error{Code: linkspan.Internal, Message: "the bridge refuses a question", Err: refusal}
	}
	return nil
}
