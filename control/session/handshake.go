// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// handshake holds the steps; xid is that of the request under way.
type handshake struct {
	*Session
	xid uint32
}

// Handshake agrees on OpenFlow 1.3, asks who the switch is, has check approve
// of it, and becomes its master: whole packets on a miss, all asynchronous
// messages. It returns an error with code Unavailable when the other side is
// no such switch or does not answer in time, Conflict when another controller
// with a later generation is master, or what check returned. After an error
// the connection is closed.
func (s *Session) Handshake(ctx context.Context, check func(openflow.FeaturesReply) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HandshakeTime)
	defer cancel()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.conn.Close(); close(closed) })
	err := (&handshake{Session: s}).run(check)
	if !stop() {
		<-closed // whoever gave the connection takes it back with the return
		err = unavailable("handshake with the switch", ctx.Err())
	}
	if err != nil {
		s.conn.Close()
	}
	return err
}

func (h *handshake) run(check func(openflow.FeaturesReply) error) error {
	if err := h.hello(); err != nil {
		return err
	}
	var features openflow.FeaturesReply
	m, err := h.ask(new(openflow.FeaturesRequest), openflow.TypeFeaturesReply)
	if err != nil {
		return err
	}
	if err := features.Decode(m); err != nil {
		return unavailable("read the switch's features", err)
	}
	if err := check(features); err != nil {
		return err
	}
	return h.settle()
}

// hello exchanges versions. A peer that offers no 1.3 is told so.
func (h *handshake) hello() error {
	offer := openflow.Hello{Versions: 1 << openflow.Version}
	if err := h.write(&offer); err != nil {
		return err
	}
	m, err := h.reader.Next()
	if err != nil {
		return unavailable("read the switch's hello", err)
	}
	var theirs openflow.Hello
	if err := theirs.Decode(m); err != nil {
		return unavailable("read the switch's hello", err)
	}
	if theirs.Offers(openflow.Version) {
		return nil
	}
	refusal := openflow.ErrorMessage{
		Type: openflow.ErrorHelloFailed, Code: openflow.CodeIncompatible, Data: []byte("OpenFlow 1.3 only"),
	}
	return unavailable(fmt.Sprintf("the switch offers no OpenFlow 1.3 (versions %#x)", theirs.Versions), h.write(&refusal))
}

// settle configures the switch and waits until that is in force.
func (h *handshake) settle() error {
	all := openflow.Async{PacketIn: [2]uint32{7, 0}, PortStatus: [2]uint32{0, 0}, FlowRemoved: [2]uint32{15, 0}}
	setup := []openflow.Encoder{
		&openflow.Config{MissSendLen: openflow.MaxLenNoBuffer},
		&all,
	}
	for _, m := range setup {
		if err := h.write(m); err != nil {
			return err
		}
	}
	role := openflow.RoleRequest{Role: openflow.RoleMaster, Generation: h.cfg.Generation}
	if _, err := h.ask(&role, openflow.TypeRoleReply); err != nil {
		return err
	}
	_, err := h.ask(new(openflow.BarrierRequest), openflow.TypeBarrierReply)
	return err
}

func (h *handshake) write(m openflow.Encoder) error {
	h.xid = h.XID()
	if _, err := h.conn.Write(m.Append(nil, h.xid)); err != nil {
		return unavailable("write to the switch", err)
	}
	return nil
}

// ask sends a request and reads until its reply. What comes before it is not
// for this session: packets that an earlier one let come.
func (h *handshake) ask(request openflow.Encoder, reply openflow.Type) (openflow.Message, error) {
	if err := h.write(request); err != nil {
		return nil, err
	}
	for {
		m, err := h.reader.Next()
		if err != nil {
			return nil, unavailable("wait for "+reply.String(), err)
		}
		switch t := m.Type(); {
		case t == reply && m.XID() == h.xid:
			return m, nil
		case t == openflow.TypeError:
			if err := h.refused(m); err != nil {
				return nil, err
			}
		case t == openflow.TypeEchoRequest:
			if _, err := h.conn.Write(echo(nil, m)); err != nil {
				return nil, unavailable("write to the switch", err)
			}
		}
	}
}

// refused turns the switch's error into ours.
func (h *handshake) refused(m openflow.Message) error {
	e := new(openflow.ErrorMessage)
	if err := e.Decode(m); err != nil {
		return unavailable("read the switch's error", err)
	}
	if e.Type == openflow.ErrorRoleRequestFailed && e.Code == openflow.CodeStale {
		return &linkspan.Error{Code: linkspan.Conflict, Message: "another controller owns the switch", Err: e}
	}
	return unavailable("the switch refuses the handshake", e)
}

func unavailable(op string, err error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Message: op, Err: err}
}

// echo appends the answer to an echo request.
func echo(b []byte, m openflow.Message) []byte {
	reply := openflow.EchoReply{Data: m.Body()}
	return reply.Append(b, m.XID())
}
