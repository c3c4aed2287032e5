// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
)

// serve starts a TLS server on loopback that takes channels, and returns a
// client for it.
func serve(t testing.TB, handler http.Handler) *http.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(Path, handler)
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto, r.TLS.NegotiatedProtocol) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{NextProtos: []string{Protocol}}
	parts := NewListener(s.Listener.Addr())
	parts.Take(s.Config)
	inner := &http.Server{Handler: Secured(mux), ConnContext: ConnContext, Protocols: new(http.Protocols)}
	inner.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan error, 1)
	go func() { served <- inner.Serve(parts) }()
	s.StartTLS()
	t.Cleanup(func() {
		if err := errors.Join(inner.Close(), <-served); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		s.Close()
	})
	own, ok := s.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("httptest's client has another transport")
	}
	client := &http.Client{Transport: Transport(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
	}, named(own.TLSClientConfig))}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// named asks for the name in httptest's certificate.
func named(config *tls.Config) *tls.Config {
	config = config.Clone()
	config.ServerName = "example.com"
	return config
}

func echo(_ context.Context, c *Conn) { _, _ = io.Copy(c, c) }

func TestBytesFlowBothWays(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) }) // runs after the server is closed
	client := serve(t, Handler(echo))
	conn, err := Dial(t.Context(), client, Base)
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
	client := serve(t, Handler(func(_ context.Context, c *Conn) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := c.Read(make([]byte, 1))
			gone <- err
		}()
		c.Close()
		<-done
	}))
	conn, err := Dial(t.Context(), client, Base)
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
	client := serve(t, Handler(func(_ context.Context, c *Conn) {
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
	conn, err := Dial(t.Context(), client, Base)
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
	client := serve(t, Handler(func(_ context.Context, c *Conn) {
		_, err := c.Read(make([]byte, 1))
		gone <- err
	}))
	conn, err := Dial(t.Context(), client, Base)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := <-gone; err == nil {
		t.Fatal("the server's read went on after the switch closed")
	}
}

func TestRefusalIsCoded(t *testing.T) {
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	_, err := Dial(t.Context(), client, Base)
	if linkspan.CodeOf(err) != linkspan.Permission {
		t.Fatalf("got %v, want code permission", err)
	}
	away := &http.Client{Transport: Transport(func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("nobody is there")
	}, new(tls.Config))}
	_, err = Dial(t.Context(), away, Base)
	if linkspan.CodeOf(err) != linkspan.Unavailable || errors.Is(err, io.EOF) {
		t.Fatalf("got %v, want code unavailable", err)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	client := serve(b, Handler(echo))
	conn, err := Dial(b.Context(), client, Base)
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
	client := serve(t, Handler(func(_ context.Context, c *Conn) { _, _ = c.Read(make([]byte, 1)) }))
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := Dial(ctx, client, Base)
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
	client := serve(t, Handler(func(_ context.Context, c *Conn) { served <- c }))
	conn, err := Dial(t.Context(), client, Base)
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

func TestRequestsShareTheConnection(t *testing.T) {
	client := serve(t, Handler(echo))
	conn, err := Dial(t.Context(), client, Base)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	resp, err := client.Get(Base + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(body) != "HTTP/2.0"+Protocol {
		t.Fatalf("%q, %v", body, err)
	}
	main := conn.(*dialed).carrier
	resp, err = client.Post(Base+"/big", "text/plain", bytes.NewReader(make([]byte, 5<<20)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if n != 5<<20 || err != nil {
		t.Fatalf("%d bytes came back, %v", n, err)
	}
	again, err := Dial(t.Context(), client, Base)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.(*dialed).carrier != main {
		t.Error("the second channel has a connection of its own")
	}
}

// What one channel does not read must not hold up the other one, nor requests.
func TestAChannelThatIsNotReadHoldsUpNobody(t *testing.T) {
	var stalled atomic.Bool
	stalled.Store(true)
	release := make(chan struct{})
	client := serve(t, Handler(func(ctx context.Context, c *Conn) {
		if stalled.Swap(false) {
			<-release
		}
		echo(ctx, c)
	}))
	lazy, err := Dial(t.Context(), client, Base)
	if err != nil {
		t.Fatal(err)
	}
	defer lazy.Close()
	big := bytes.Repeat([]byte("linkspan"), window/4) // twice the window
	wrote := make(chan error, 1)
	go func() {
		_, err := lazy.Write(big)
		wrote <- err
	}()
	other, err := Dial(t.Context(), client, Base)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(other, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-wrote:
		t.Fatalf("twice the window was sent to one that does not read: %v", err)
	default:
	}
	close(release)
	got := make([]byte, len(big))
	if _, err := io.ReadFull(lazy, got); err != nil || !bytes.Equal(got, big) {
		t.Fatalf("the bytes came back changed, or %v", err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
}

func TestOtherConnectionsCarryNoChannels(t *testing.T) {
	s := httptest.NewUnstartedServer(Handler(echo))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	if _, err := Dial(t.Context(), s.Client(), s.URL); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a plain HTTP/2 connection: %v", err)
	}
	client := serve(t, Handler(echo))
	for _, number := range []string{"", "0", "32768", "65536", "x"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, Base+Path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(numberHeader, number)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode < 400 {
			t.Errorf("channel %q: %s", number, resp.Status)
		}
	}
}
