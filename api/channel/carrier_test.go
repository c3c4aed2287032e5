// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// pair returns a carrier and the other end of its connection.
func pair(t testing.TB) (*carrier, *tls.Conn) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // for its certificate
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := newCarrier(tls.Client(near, &tls.Config{InsecureSkipVerify: true}))
	other := tls.Server(far, s.TLS)
	shaken := make(chan error, 1)
	go func() { shaken <- other.Handshake() }()
	if err := errors.Join(c.conn.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.receive()
	}()
	t.Cleanup(func() {
		c.fail(io.ErrClosedPipe)
		other.NetConn().Close()
		<-ended
	})
	return c, other
}

func frame(number uint16, b []byte) []byte {
	f := binary.BigEndian.AppendUint16(nil, number)
	return append(binary.BigEndian.AppendUint16(f, uint16(len(b))), b...)
}

func TestWhoeverBreaksTheRulesIsCutOff(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"more than the window":   bytes.Repeat(frame(7, make([]byte, 1<<15)), window>>15+1),
		"a short grant":          frame(grantBit|7, []byte{1}),
		"a grant of too much":    frame(grantBit|7, []byte{0xff, 0xff, 0xff, 0xff}),
		"a grant of what it has": frame(grantBit|7, []byte{0, 0, 0, 1}),
	} {
		t.Run(name, func(t *testing.T) {
			c, other := pair(t)
			s, err := c.open(7, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = other.Write(bytes) // it is cut off meanwhile
			if _, err := io.Copy(io.Discard, &waiting{s}); err == nil || errors.Is(err, io.EOF) {
				t.Errorf("it was taken: %v", err)
			}
		})
	}
}

// waiting reads from a stream only when it has ended.
type waiting struct{ *stream }

func (w *waiting) Read(p []byte) (int, error) {
	w.mu.Lock()
	for w.err == nil {
		w.change.Wait()
	}
	w.mu.Unlock()
	return w.stream.Read(p)
}

func TestReadDeadline(t *testing.T) {
	c, other := pair(t)
	main := mainConn{c.main}
	if err := main.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := main.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("after the deadline: %v", err)
	}
	if err := main.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write(frame(0, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if n, err := main.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Fatalf("without a deadline: %d bytes, %v", n, err)
	}
}

// A peer that takes nothing any more must not keep whoever closes a channel.
func TestCloseOfAStuckConnection(t *testing.T) {
	c, other := pair(t)
	defer other.NetConn().Close()
	full := make(chan error, 1)
	go func() { // the other end reads nothing: the connection fills up
		var err error
		for err == nil {
			_, err = mainConn{c.main}.Write(make([]byte, 1<<20))
		}
		full <- err
	}()
	s, err := c.open(7, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = s.Write(make([]byte, chunk))
		}
		sent <- err
	}()
	for c.writing.TryLock() { // until a write is stuck, or for the moment of one
		c.writing.Unlock()
	}
	s.close()
	if err := <-sent; err == nil {
		t.Error("writing goes on after close")
	}
	mainConn{c.main}.Close()
	<-full
}

// The deadline for a write that was given up on is not one for later writes.
func TestALateWriteOutlivesItsDeadline(t *testing.T) {
	c, other := pair(t)
	s, err := c.open(7, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.writing.Lock() // as during a write
	c.hasten()
	c.writing.Unlock()
	if err := c.conn.SetWriteDeadline(time.Unix(1, 0)); err != nil { // and the time is over
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(other, make([]byte, headerLen+1)); err != nil {
		t.Fatal(err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(7, []byte("hello")))
	f.Add(append(frame(0, []byte("PRI")), frame(grantBit|7, []byte{0, 0, 1, 0})...))
	f.Add([]byte{0, 7, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		near, far := net.Pipe()
		far.Close()
		c := newCarrier(tls.Client(near, &tls.Config{InsecureSkipVerify: true}))
		c.in = bytes.NewReader(b)
		s, err := c.open(7, nil)
		if err != nil {
			t.Fatal(err)
		}
		go c.receive()
		main, _ := io.Copy(io.Discard, c.main)
		came, err := io.Copy(io.Discard, s)
		if main+came > int64(len(b)) {
			t.Errorf("%d bytes came of %d", main+came, len(b))
		}
		if s.err == nil {
			t.Errorf("the connection is over and the channel is not: %v", err)
		}
	})
}
