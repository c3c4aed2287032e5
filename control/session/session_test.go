// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/wire/openflow"
)

const dpid = linkspan.DPID(7)

// silent handles what comes up by counting it.
type silent struct {
	mu      sync.Mutex
	packets int
	refused []string
}

func (s *silent) PacketIn(openflow.Message) { s.packets++ }

func (s *silent) FlowRemoved(openflow.Message) {}

func (s *silent) Refused(e *openflow.ErrorMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, e.Name())
}

func anyone(openflow.FeaturesReply) error { return nil }

// open returns a session with a simulated switch, after the handshake.
func open(t *testing.T, cfg session.Config) (*session.Session, *controltest.Switch, *controltest.Conn) {
	t.Helper()
	near, far := controltest.Pipe()
	sw := controltest.NewSwitch(dpid)
	go func() { _ = sw.Serve(near) }()
	s := session.New(far, cfg)
	check := func(f openflow.FeaturesReply) error {
		if f.DatapathID != uint64(dpid) {
			t.Errorf("datapath id %x", f.DatapathID)
		}
		return nil
	}
	if err := s.Handshake(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	return s, sw, near
}

// serve runs the session in the background; the function waits for its end.
func serve(t *testing.T, s *session.Session, h session.Handler) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context(), h) }()
	return func() error { return <-done }
}

func TestBarrierComesAfterWhatItFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, sw, _ := open(t, session.Config{})
		wait := serve(t, s, new(silent))
		var flows int
		var got error
		s.Barrier(0, func(b []byte) ([]byte, bool) {
			return (&openflow.FlowMod{Priority: 5}).Append(b, 0), true
		}, func(err error) { flows, got = len(sw.Flows()), err })
		s.Wake()
		synctest.Wait()
		if flows != 1 || got != nil {
			t.Errorf("at the barrier: %d flows, %v", flows, got)
		}
		refused := s.Barrier(0, func(b []byte) ([]byte, bool) { return append(b, "rubbish"...), false }, func(error) { t.Error("called") })
		if refused {
			t.Error("a barrier whose filler declined was sent")
		}
		s.Fail(io.EOF)
		if err := wait(); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		late := make(chan error, 1)
		s.Barrier(0, func(b []byte) ([]byte, bool) { return b, true }, func(err error) { late <- err })
		if err := <-late; !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestDumpGathersAllParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := open(t, session.Config{})
		wait := serve(t, s, new(silent))
		b := s.Begin()
		for i := range 30 {
			b = (&openflow.FlowMod{Priority: uint16(i)}).Append(b, 0)
		}
		s.End(b)
		parts, flows := 0, 0
		err := s.Dump(t.Context(), &openflow.FlowRequest{TableID: openflow.TableAll}, func(body []byte) (err error) {
			parts++
			var f openflow.FlowStats
			for ; len(body) > 0 && err == nil; flows++ {
				body, err = f.Next(body)
			}
			return err
		})
		if err != nil || flows != 30 || parts < 2 {
			t.Errorf("%d flows in %d parts, %v", flows, parts, err)
		}
		var refused *openflow.ErrorMessage
		if err := s.Dump(t.Context(), new(openflow.DescRequest), nil); !errors.As(err, &refused) {
			t.Errorf("a refused request: %v", err)
		}
		s.Fail(io.EOF)
		_ = wait()
	})
}

func TestStalledSwitchStallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, near := open(t, session.Config{Buffer: 1 << 16})
		wait := serve(t, s, new(silent))
		near.Stall()
		message := (&openflow.PacketOut{InPort: 1, Data: make([]byte, 1000)}).Append(nil, 0)
		for range 100 {
			s.End(append(s.Begin(), message...))
		}
		err := wait()
		if linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(err.Error(), "does not read") {
			t.Error(err)
		}
	})
}

func TestSilentSwitchIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, near := open(t, session.Config{})
		wait := serve(t, s, new(silent))
		time.Sleep(time.Minute) // of the bubble: the switch answers probes
		select {
		case <-s.Failed():
			t.Fatal("given up while it answered")
		default:
		}
		began := time.Now()
		near.Stall()
		failed := make(chan error, 1)
		s.Barrier(0, func(b []byte) ([]byte, bool) { return b, true }, func(err error) { failed <- err })
		s.Wake()
		if err := <-failed; linkspan.CodeOf(err) != linkspan.Unavailable {
			t.Errorf("barrier: %v", err)
		}
		err := wait()
		if took := time.Since(began); took > 25*time.Second || linkspan.CodeOf(err) != linkspan.Unavailable {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestHandshakeRefusals(t *testing.T) {
	no := &linkspan.Error{Code: linkspan.Permission, Message: "not this one"}
	hello := (&openflow.Hello{Versions: 1 << 4}).Append(nil, 1)
	old := (&openflow.Hello{Versions: 1 << 1}).Append(nil, 1)
	cases := map[string]struct {
		says  []byte
		check func(openflow.FeaturesReply) error
		code  linkspan.Code
	}{
		"nothing at all":      {nil, anyone, linkspan.Unavailable},
		"another protocol":    {[]byte("GET / HTTP/1.1\r\n\r\n"), anyone, linkspan.Unavailable},
		"another version":     {old, anyone, linkspan.Unavailable},
		"hello, then nothing": {hello, anyone, linkspan.Unavailable},
		"hello, then rubbish": {append(hello[:len(hello):len(hello)], 4, 6, 0, 3, 0, 0, 0, 1), anyone, linkspan.Unavailable},
		"short features":      {append(hello[:len(hello):len(hello)], 4, 6, 0, 8, 0, 0, 0, 2), anyone, linkspan.Unavailable},
		"foreign switch": {append(hello[:len(hello):len(hello)], (&openflow.FeaturesReply{DatapathID: 9}).Append(nil, 2)...),
			func(openflow.FeaturesReply) error { return no }, linkspan.Permission},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := controltest.Pipe()
				_, _ = near.Write(c.says)
				err := session.New(far, session.Config{}).Handshake(t.Context(), c.check)
				if linkspan.CodeOf(err) != c.code || err == nil {
					t.Errorf("got %v", err)
				}
				if _, err := near.Write([]byte{0}); err == nil {
					t.Error("the connection is still open")
				}
			})
		})
	}
}

func TestStaleGenerationIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sw := controltest.NewSwitch(dpid)
		first, far := controltest.Pipe()
		go func() { _ = sw.Serve(first) }()
		if err := session.New(far, session.Config{Generation: 9}).Handshake(t.Context(), anyone); err != nil {
			t.Fatal(err)
		}
		first.Close()
		second, far := controltest.Pipe()
		go func() { _ = sw.Serve(second) }()
		err := session.New(far, session.Config{Generation: 8}).Handshake(t.Context(), anyone)
		if linkspan.CodeOf(err) != linkspan.Conflict {
			t.Errorf("got %v", err)
		}
	})
}

func TestRubbishEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, near := open(t, session.Config{})
		wait := serve(t, s, new(silent))
		_, _ = near.Write([]byte{4, 10, 0, 2, 0, 0, 0, 0}) // shorter than its header
		if err := wait(); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrorsReachTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := open(t, session.Config{})
		h := new(silent)
		wait := serve(t, s, h)
		s.End((&openflow.MeterMod{Command: openflow.MeterModify, MeterID: 3}).Append(s.Begin(), 0))
		synctest.Wait()
		if len(h.refused) != 1 || !strings.Contains(h.refused[0], "METER") {
			t.Errorf("got %q", h.refused)
		}
		s.Fail(io.EOF)
		_ = wait()
	})
}

// FuzzStream has a session read whatever a switch may send after the
// handshake: it ends in an error and nothing else.
func FuzzStream(f *testing.F) {
	echo := (&openflow.EchoRequest{Data: []byte("x")}).Append(nil, 5)
	f.Add([]byte{})
	f.Add(echo)
	f.Add(echo[:5])
	f.Add((&openflow.PacketIn{Data: []byte("x")}).Append(echo, 0))
	f.Add((&openflow.ErrorMessage{Data: echo}).Append(nil, 3))
	f.Add((&openflow.Multipart{Type: openflow.MultipartFlow}).AppendReply(nil, 1))
	f.Add([]byte{4, 18, 255, 255, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		near, far := controltest.Pipe()
		_, _ = near.Write(b)
		near.Close()
		s := session.New(far, session.Config{})
		s.Barrier(0, func(b []byte) ([]byte, bool) { return b, true }, func(error) {})
		dumped := make(chan error, 1)
		go func() {
			dumped <- s.Dump(t.Context(), new(openflow.TableRequest), func([]byte) error { return nil })
		}()
		if s.Run(t.Context(), new(silent)) == nil {
			t.Error("no error")
		}
		<-dumped
	})
}

// TestGarbledErrorsAreLoggedOnce: a switch may send as many as it likes.
func TestGarbledErrorsAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s, _, near := open(t, session.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
		wait := serve(t, s, new(silent))
		garbled := []byte{openflow.Version, byte(openflow.TypeError), 0, 9, 0, 0, 0, 0, 1}
		for range 100 {
			if _, err := near.Write(garbled); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		_ = near.Close()
		_ = wait()
		if n := strings.Count(log.String(), "malformed error message"); n != 1 {
			t.Errorf("logged %d times: %s", n, log.String())
		}
	})
}
