// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
)

// serve starts a TLS server on loopback that speaks HTTP/2.
func serve(t testing.TB, handler http.Handler) (*http.Client, string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(Path, handler)
	s := httptest.NewUnstartedServer(mux)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Client(), s.URL
}

func echo(_ context.Context, c *Conn) { _, _ = io.Copy(c, c) }

func TestBytesFlowBothWays(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) }) // runs after the server is closed
	client, url := serve(t, Handler(echo))
	defer client.CloseIdleConnections()
	conn, err := Dial(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, size := range []int{1, 8, 4096, 70000} {
		want := bytes.Repeat([]byte{byte(size)}, size)
		go func() { _, _ = conn.Write(want) }()
		got := make([]byte, size)
		if _, err := io.ReadFull(conn, got); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes came back changed", size)
		}
	}
}

func TestServerCloseUnblocksAReadOnBothEnds(t *testing.T) {
	gone := make(chan error, 1)
	client, url := serve(t, Handler(func(_ context.Context, c *Conn) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := c.Read(make([]byte, 1))
			gone <- err
		}()
		c.Close()
		<-done
	}))
	conn, err := Dial(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := <-gone; err == nil {
		t.Fatal("the server's read went on after Close")
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("the switch's read went on after the server closed")
	}
}

func TestServerCloseUnblocksAWriteNobodyReads(t *testing.T) {
	gone := make(chan error, 1)
	client, url := serve(t, Handler(func(_ context.Context, c *Conn) {
		wrote := make(chan struct{})
		go func() {
			var err error
			for err == nil { // until flow control stops it, then until Close
				_, err = c.Write(make([]byte, 1<<16))
				select {
				case wrote <- struct{}{}:
				default:
				}
			}
			gone <- err
		}()
		<-wrote
		c.Close()
	}))
	conn, err := Dial(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := <-gone; err == nil {
		t.Fatal("the write went on after Close")
	}
}

func TestClientCloseEndsTheServersRead(t *testing.T) {
	gone := make(chan error, 1)
	client, url := serve(t, Handler(func(_ context.Context, c *Conn) {
		_, err := c.Read(make([]byte, 1))
		gone <- err
	}))
	conn, err := Dial(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := <-gone; err == nil {
		t.Fatal("the server's read went on after the switch closed")
	}
}

func TestRefusalIsCoded(t *testing.T) {
	client, url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	_, err := Dial(t.Context(), client, url)
	if linkspan.CodeOf(err) != linkspan.Permission {
		t.Fatalf("got %v, want code permission", err)
	}
	_, err = Dial(t.Context(), client, "https://127.0.0.1:1")
	if linkspan.CodeOf(err) != linkspan.Unavailable || errors.Is(err, io.EOF) {
		t.Fatalf("got %v, want code unavailable", err)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	client, url := serve(b, Handler(echo))
	conn, err := Dial(b.Context(), client, url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	buf := make([]byte, 128)
	for b.Loop() {
		if _, err := conn.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func TestContextEndsAnIdleChannel(t *testing.T) {
	client, url := serve(t, Handler(func(_ context.Context, c *Conn) { _, _ = c.Read(make([]byte, 1)) }))
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := Dial(ctx, client, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a channel whose context ended has bytes")
	}
	if _, err := conn.Write([]byte{1}); err == nil {
		t.Error("a channel whose context ended takes bytes")
	}
}

func TestServerMayCloseLate(t *testing.T) {
	served := make(chan *Conn, 1)
	client, url := serve(t, Handler(func(_ context.Context, c *Conn) { served <- c }))
	conn, err := Dial(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a channel whose handler is gone has bytes")
	}
	if err := (<-served).Close(); err != nil {
		t.Errorf("late close: %v", err)
	}
}
