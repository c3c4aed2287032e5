// SPDX-License-Identifier: Apache-2.0

package talk_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/talk"
	"github.com/linkspan/linkspan/wire/openflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bridge answers what it is asked: ports in two messages, flow mods of table 9 with a refusal, those of
// table 8 with a port that comes unasked and an echo request; at table 7 it goes.
func bridge(t *testing.T, conn net.Conn) {
	write := func(b []byte) { _, _ = conn.Write(b) } // its end is seen by the reader
	for reader := openflow.NewReader(conn); ; {
		m, err := reader.Next()
		if err != nil {
			return
		}
		var mod openflow.FlowMod
		switch {
		case m.Type() == openflow.TypeBarrierRequest:
			write(new(openflow.BarrierReply).Append(nil, m.XID()))
		case m.Type() == openflow.TypeMultipartRequest:
			for i, more := range []bool{true, false} {
				p := openflow.Multipart{Type: openflow.MultipartPortDesc, More: more, Body: (&openflow.Port{Number: uint32(i + 1)}).Append(nil)}
				write(p.AppendReply(nil, m.XID()))
			}
		case mod.Decode(m) == nil && mod.TableID == 9:
			write((&openflow.ErrorMessage{Type: openflow.ErrorFlowModFailed, Code: openflow.CodeTableFull, Data: m[:8]}).Append(nil, m.XID()))
		case mod.Decode(m) == nil && mod.TableID == 8:
			write((&openflow.PortStatus{Port: openflow.Port{Number: 8}}).Append(nil, 0))
			write((&openflow.EchoRequest{Data: []byte("alive?")}).Append(nil, 77))
		case mod.Decode(m) == nil && mod.TableID == 7:
			_ = conn.Close()
		case m.Type() == openflow.TypeEchoReply && m.XID() != 77:
			t.Error("an echo was answered with another number")
		}
	}
}

func open(t *testing.T, event func(openflow.Message)) *talk.Conn {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() { defer close(ended); bridge(t, far) }()
	c, err := talk.Open(t.Context(), near, talk.Config{ID: 5, Event: event})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); <-ended })
	return c
}

func TestQuestionsAreAnswered(t *testing.T) {
	c := open(t, nil)
	done := make(chan error)
	for range 8 {
		go func() {
			ports, err := c.Ports(t.Context())
			if err == nil && (len(ports) != 2 || ports[0].Number != 1 || ports[1].Number != 2) {
				err = errors.New("other ports")
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestARefusalIsItsOwnQuestions(t *testing.T) {
	c := open(t, nil)
	_, err := c.Ask(t.Context(), &openflow.FlowMod{TableID: 1}, &openflow.FlowMod{TableID: 9})
	var refused *openflow.ErrorMessage
	if !errors.As(err, &refused) || refused.Type != openflow.ErrorFlowModFailed {
		t.Errorf("%v", err)
	}
	if _, err := c.Ask(t.Context(), &openflow.FlowMod{TableID: 1}); err != nil {
		t.Error(err)
	}
}

func TestEventsAreTold(t *testing.T) {
	told := make(chan uint32, 1)
	c := open(t, func(m openflow.Message) {
		var s openflow.PortStatus
		if s.Decode(m) == nil {
			told <- s.Port.Number
		}
	})
	if err := c.Send(&openflow.FlowMod{TableID: 8}); err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-told:
		if n != 8 {
			t.Errorf("port %d", n)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing is told")
	}
}

func TestABridgeThatGoes(t *testing.T) {
	c := open(t, nil)
	if _, err := c.Ask(t.Context(), &openflow.FlowMod{TableID: 7}); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("%v", err)
	}
	<-c.Gone()
	if _, err := c.Ports(t.Context()); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestWhoeverAsksMayStop(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { // reads, and says nothing
		b := make([]byte, 1000)
		for {
			if _, err := far.Read(b); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := talk.Open(ctx, near, talk.Config{}); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("%v", err)
	}
}
