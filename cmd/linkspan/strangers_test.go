// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan/trust"
)

// TestStrangersGiveWay: whoever shows no certificate cannot take the place of
// those who do, nor of the next one, however many connections it opens.
func TestStrangersGiveWay(t *testing.T) {
	k := openKeys(t, t.TempDir())
	config, err := k.tls.ServerConfig()
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, slog.New(slog.DiscardHandler), tls.NewListener(l, config), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.RemoteAddr)
		}))
	}()
	defer func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	known := clientOf(t, k.tls.ClientConfig(trust.KindController, ""))
	base := "https://" + l.Addr().String()
	before := ask(t, known, base)
	var open []net.Conn
	for range strangersOfOne + 2 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // most are closed by then
		open = append(open, c)
	}
	for _, c := range open[:2] { // ends, or the test does not
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a stranger is spoken to")
		}
	}
	if after := ask(t, known, base); after != before {
		t.Errorf("the known one had to connect again: %s, then %s", before, after)
	}
	ask(t, clientOf(t, k.tls.ClientConfig(trust.KindController, "")), base) // the next one finds a place
}

func clientOf(t *testing.T, config *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func ask(t *testing.T, client *http.Client, base string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.ProtoMajor != 2 {
		t.Fatalf("got %s, %v", resp.Proto, err)
	}
	return string(text)
}

// from is a connection from an address.
type from struct {
	net.Conn
	host string
}

func (f from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(f.host), Port: 4711} }

// TestStrangersAreBounded: in all, and in time.
func TestStrangersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s strangers
		var ours, theirs []net.Conn
		for i := range strangersInAll + 3 {
			a, b := net.Pipe()
			c := from{a, net.IPv4(192, 0, 2, byte(i%100)).String()}
			ours, theirs = append(ours, c), append(theirs, b)
			s.enter(c)
		}
		s.leave(ours[3]) // known from now on
		s.leave(ours[3])
		isOpen := func(i int) bool {
			_ = theirs[i].SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := theirs[i].Read(make([]byte, 1))
			return !errors.Is(err, io.EOF)
		}
		for i, want := range []bool{false, false, false, true, true} {
			if got := isOpen(i); got != want {
				t.Errorf("number %d: open is %v", i, got)
			}
		}
		time.Sleep(strangerTime)
		synctest.Wait()
		if !isOpen(3) || isOpen(4) || isOpen(strangersInAll) {
			t.Error("strangers, and only they, are closed in time")
		}
		s.leave(ours[5]) // as its server does, late
		for _, c := range ours {
			s.leave(c)
		}
		if len(s.all) != 0 || len(s.of) != 0 {
			t.Errorf("left: %v", s.of)
		}
	})
}
