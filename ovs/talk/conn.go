// SPDX-License-Identifier: Apache-2.0

package talk

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// writeLimit is how long the bridge may take to read what is sent.
const writeLimit = 10 * time.Second

// Config says what a connection is told unasked. The zero value is nothing.
type Config struct {
	Async openflow.Async
	ID    uint16                 // of the connection, for actions that name one
	Event func(openflow.Message) // called with what nobody asked for, by one goroutine; it must not ask, and the message is its own for the call only
}

// Conn is a connection. All methods may be called concurrently.
type Conn struct {
	conn  net.Conn
	event func(openflow.Message)
	gone  chan struct{} // closed when it has ended
	why   error         // of the end; read it after gone

	write sync.Mutex

	mu    sync.Mutex
	xid   uint32
	asked map[uint32]*question
}

// question waits for the barrier behind it.
type question struct {
	replies []openflow.Message
	err     *openflow.ErrorMessage
	done    chan struct{}
}

// Open begins to speak on conn, which is the Conn's from now on. Errors: Unavailable.
func Open(ctx context.Context, conn net.Conn, cfg Config) (*Conn, error) {
	c := &Conn{conn: conn, event: cfg.Event, gone: make(chan struct{}), asked: make(map[uint32]*question)}
	if c.event == nil {
		c.event = func(openflow.Message) {}
	}
	go c.read()
	hello := (&openflow.Hello{Versions: 1 << openflow.Version}).Append(nil, 0)
	if err := c.send(hello); err != nil {
		c.Close()
		return nil, err
	}
	// Without a length Open vSwitch tells such a connection nothing at all, ports included.
	begin := []openflow.Encoder{&cfg.Async, &openflow.Config{MissSendLen: openflow.MaxLenNoBuffer}}
	if cfg.ID != 0 {
		begin = append(begin, &openflow.SetControllerID{ID: cfg.ID})
	}
	if _, err := c.Ask(ctx, begin...); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Gone is closed when the connection has ended.
func (c *Conn) Gone() <-chan struct{} { return c.gone }

// Close ends the connection and waits for its goroutine.
func (c *Conn) Close() {
	_ = c.conn.Close() // whoever asks hears of it
	<-c.gone
}

// Ask sends messages, which get one xid, waits until the bridge has done them, and returns what it
// answered, copied. The error is the bridge's first refusal, an
// *[openflow.ErrorMessage]; or Unavailable.
func (c *Conn) Ask(ctx context.Context, messages ...openflow.Encoder) ([]openflow.Message, error) {
	q, xid := c.question()
	var b []byte
	for _, m := range messages {
		b = m.Append(b, xid)
	}
	if err := c.send(new(openflow.BarrierRequest).Append(b, xid)); err != nil {
		return nil, err
	}
	select {
	case <-q.done:
	case <-c.gone:
		return nil, away(c.why)
	case <-ctx.Done():
		return nil, away(ctx.Err())
	}
	if q.err != nil {
		return q.replies, q.err
	}
	return q.replies, nil
}

// Send sends messages of which no answer is expected, such as packets.
func (c *Conn) Send(messages ...openflow.Encoder) error {
	var b []byte
	for _, m := range messages {
		b = m.Append(b, 0)
	}
	return c.send(b)
}

func (c *Conn) question() (*question, uint32) {
	q := &question{done: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.xid++
	if c.xid == 0 {
		c.xid = 1 // what has xid 0 is no answer
	}
	c.asked[c.xid] = q
	return q, c.xid
}

func (c *Conn) send(b []byte) error {
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return away(err)
	}
	if _, err := c.conn.Write(b); err != nil {
		return away(err)
	}
	return nil
}

func (c *Conn) read() {
	defer close(c.gone)
	for reader := openflow.NewReader(c.conn); ; {
		m, err := reader.Next()
		if err != nil {
			c.why = err
			_ = c.conn.Close() // err is why
			return
		}
		c.take(m)
	}
}

func (c *Conn) take(m openflow.Message) {
	if m.Type() == openflow.TypeEchoRequest {
		_ = c.send((&openflow.EchoReply{Data: m.Body()}).Append(nil, m.XID())) // the reader finds the end
		return
	}
	if q := c.answered(m); q == nil {
		c.event(m)
	}
}

// answered gives a message to the question that it answers, nil if there is none.
func (c *Conn) answered(m openflow.Message) *question {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.asked[m.XID()]
	switch {
	case q == nil:
	case m.Type() == openflow.TypeBarrierReply:
		delete(c.asked, m.XID())
		close(q.done)
	case m.Type() == openflow.TypeError:
		e := new(openflow.ErrorMessage)
		if q.err == nil && e.Decode(bytes.Clone(m)) == nil {
			q.err = e
		}
	default:
		q.replies = append(q.replies, bytes.Clone(m))
	}
	return q
}

func away(err error) error {
	var known *linkspan.Error
	if errors.As(err, &known) {
		return err
	}
	return &linkspan.Error{Code: linkspan.Unavailable, Message: "the bridge does not answer", Err: err,
		Hint: "look at `systemctl status openvswitch-switch`"}
}
