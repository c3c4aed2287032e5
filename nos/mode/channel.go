// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
)

// writeLimit is how long the bridge may take to read what it is sent.
const writeLimit = 5 * time.Second

// channel is one connection to br-switch.
type channel struct {
	conn net.Conn
	gone chan struct{} // closed when it has ended

	mu      sync.Mutex // of what follows, and of writing
	xid     uint32
	pending map[uint32]*pending

	have   map[string]dispatch.Flow // by their keys; of who writes flows
	meters map[uint32]bool

	doubted atomic.Bool // have may be wrong
}

// pending is a request that is not answered yet.
type pending struct {
	each func(openflow.Message) (done bool, err error)
	done chan error // room for one
}

func newChannel(conn net.Conn) *channel {
	return &channel{conn: conn, gone: make(chan struct{}), pending: make(map[uint32]*pending),
		have: make(map[string]dispatch.Flow), meters: make(map[uint32]bool)}
}

// greet begins the connection: frames come up to it alone that ask for its number.
func (c *channel) greet() error {
	const all = 1<<openflow.ReasonNoMatch | 1<<openflow.ReasonAction
	b := (&openflow.Hello{Versions: 1 << openflow.Version}).Append(nil, 0)
	b = (&openflow.SetControllerID{ID: dispatch.ControllerID}).Append(b, 0)
	b = (&openflow.Config{MissSendLen: openflow.MaxLenNoBuffer}).Append(b, 0)
	b = (&openflow.Async{PacketIn: [2]uint32{all, all}, PortStatus: [2]uint32{7, 7}}).Append(b, 0)
	return c.write(b)
}

func (c *channel) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeLocked(b)
}

func (c *channel) writeLocked(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	if err != nil {
		_ = c.conn.Close() // a message may be there in part: nothing can be written behind it
	}
	return err
}

// read hands out what comes until the connection ends.
func (c *channel) read(packet func(*openflow.PacketIn), port func(*openflow.PortStatus)) error {
	defer close(c.gone)
	for r := openflow.NewReader(c.conn); ; {
		m, err := r.Next()
		if err == nil {
			err = c.take(m, packet, port)
		}
		if err != nil {
			return err
		}
	}
}

func (c *channel) take(m openflow.Message, packet func(*openflow.PacketIn), port func(*openflow.PortStatus)) error {
	switch m.Type() {
	case openflow.TypePacketIn:
		var in openflow.PacketIn
		if err := in.Decode(m); err != nil {
			return err
		}
		packet(&in)
	case openflow.TypePortStatus:
		var status openflow.PortStatus
		if err := status.Decode(m); err != nil {
			return err
		}
		port(&status)
	case openflow.TypeEchoRequest:
		return c.write((&openflow.EchoReply{Data: m.Body()}).Append(nil, m.XID()))
	case openflow.TypeHello: // its number may be one of ours
	default:
		c.answered(m)
	}
	return nil
}

func (c *channel) answered(m openflow.Message) {
	c.mu.Lock()
	p := c.pending[m.XID()]
	c.mu.Unlock()
	if p == nil {
		return
	}
	done, err := false, error(nil)
	if m.Type() == openflow.TypeError {
		refusal := new(openflow.ErrorMessage)
		if err = refusal.Decode(m); err == nil {
			err = &linkspan.Error{Code: linkspan.Internal, Message: "br-switch refuses", Err: refusal}
		}
	} else {
		done, err = p.each(m)
	}
	if done || err != nil {
		c.mu.Lock()
		delete(c.pending, m.XID())
		c.mu.Unlock()
		select {
		case p.done <- err:
		default: // it was refused more than once
		}
	}
}

// errAway is never changed.
var errAway = &linkspan.Error{Code: linkspan.Unavailable, Message: "br-switch is away", Hint: "look at `systemctl status openvswitch-switch`"}

// ask sends what send appends and waits until each, which is called with each answer, says
// that it was the last one.
func (c *channel) ask(ctx context.Context, send func(b []byte, xid uint32) []byte, each func(openflow.Message) (bool, error)) error {
	p := &pending{each, make(chan error, 1)}
	c.mu.Lock()
	c.xid++
	xid := c.xid
	c.pending[xid] = p
	err := c.writeLocked(send(nil, xid))
	c.mu.Unlock()
	if err == nil {
		select {
		case err := <-p.done:
			return err
		case <-c.gone:
			err = errAway
		case <-ctx.Done():
			err = ctx.Err()
		}
		c.mu.Lock()
		delete(c.pending, xid)
		c.mu.Unlock()
		return err
	}
	return fmt.Errorf("write to br-switch: %w", errors.Join(errAway, err))
}

// list asks a multipart question; each gets the body of each part.
func (c *channel) list(ctx context.Context, q openflow.Encoder, each func(body []byte) error) error {
	return c.ask(ctx, q.Append, func(m openflow.Message) (bool, error) {
		var part openflow.Multipart
		if err := part.DecodeReply(m); err != nil {
			return false, err
		}
		return !part.More, each(part.Body)
	})
}

// barrier returns when the bridge has done all before.
func (c *channel) barrier(ctx context.Context) error {
	return c.ask(ctx, new(openflow.BarrierRequest).Append, func(openflow.Message) (bool, error) { return true, nil })
}

// ports reads the bridge's interfaces. Got is called with them before anything is handed out
// that came after them: what is told of an interface then is newer.
func (c *channel) ports(ctx context.Context, got func(devices)) error {
	all := make(devices)
	return c.ask(ctx, new(openflow.PortDescRequest).Append, func(m openflow.Message) (bool, error) {
		var part openflow.Multipart
		err := part.DecodeReply(m)
		for p, body := (openflow.Port{}), part.Body; err == nil && len(body) > 0; {
			if body, err = p.Next(body); err == nil {
				all.note(&p, false)
			}
		}
		done := err == nil && !part.More
		if done {
			got(all)
		}
		return done, err
	})
}

// flows calls each with the flows of package dispatch that the bridge has, by a kind of cookie; 0 for all.
func (c *channel) flows(ctx context.Context, kind uint64, each func(*openflow.FlowStats)) error {
	q := openflow.FlowRequest{TableID: openflow.TableAll, Cookie: dispatch.Cookie, CookieMask: dispatch.CookieMask}
	if kind != 0 {
		q.Cookie, q.CookieMask = kind, dispatch.CookieMask|0xff<<32
	}
	return c.list(ctx, &q, func(body []byte) (err error) {
		for f := (openflow.FlowStats{}); err == nil && len(body) > 0; {
			if body, err = f.Next(body); err == nil {
				each(&f)
			}
		}
		return err
	})
}
