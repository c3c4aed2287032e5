// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Responder is a controller: it completes the handshake, asks for every packet,
// and answers each with Answer. With Echo it decides nothing and so shows what
// the load generator itself can do.
type Responder struct {
	// Answer appends the answer to a PacketIn, whose fields are views that are
	// good for the call only. It is called by one goroutine for each session.
	Answer func(b []byte, in *openflow.PacketIn) []byte
}

// Serve accepts sessions until ctx is done, closes them, and waits for them.
func (r *Responder) Serve(ctx context.Context, l net.Listener) error {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		sessions.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			defer conn.Close()
			r.session(conn)
		})
	}
}

// session ends when the switch does: there is nobody to tell an error.
func (r *Responder) session(conn net.Conn) {
	reader := openflow.NewReader(conn)
	out := greeting()
	var in openflow.PacketIn
	for {
		m, err := reader.Next()
		if err != nil {
			return
		}
		switch m.Type() {
		case openflow.TypePacketIn:
			if in.Decode(m) == nil {
				out = r.Answer(out, &in)
			}
		case openflow.TypeEchoRequest:
			out = (&openflow.EchoReply{Data: m.Body()}).Append(out, m.XID())
		}
		if reader.Buffered() == 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

// greeting says hello and has every packet sent up.
func greeting() []byte {
	b := (&openflow.Hello{Versions: 1 << openflow.Version}).Append(nil, 1)
	b = (&openflow.FeaturesRequest{}).Append(b, 2)
	up := openflow.Actions(nil).Output(openflow.PortController, openflow.MaxLenNoBuffer)
	all := openflow.FlowMod{Instructions: openflow.Instructions(nil).Apply(up)}
	return all.Append(b, 3)
}
