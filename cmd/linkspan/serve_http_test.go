// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
)

func TestListenLocal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "linkspan.sock")
	first, err := listenLocal(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for what, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(what); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want mode %o", what, info.Mode(), err, mode)
		}
	}
	if _, err := listenLocal(t.Context(), path); linkspan.CodeOf(err) != linkspan.InUse || linkspan.HintOf(err) == "" {
		t.Errorf("a live one: got %v", err)
	}
	if !answers(t.Context(), path) {
		t.Error("the refusal took the live one away")
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as after a crash
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err != nil || answers(t.Context(), path) {
		t.Fatalf("there should be a stale file: %v", err)
	}
	second, err := listenLocal(t.Context(), path)
	if err != nil {
		t.Fatalf("a stale one: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestListenLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := listenLoopback(t.Context(), "--pprof", address)
		if err != nil {
			t.Logf("%s: %v", address, err) // a host without IPv6
			continue
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"", ":6653", "0.0.0.0:6653", "192.0.2.1:6653", "localhost:6653", "127.0.0.1", "[::]:6653"} {
		var usage usageError
		l, err := listenLoopback(t.Context(), "--pprof", address)
		if !errors.As(err, &usage) {
			t.Errorf("%q: got %v", address, err)
		}
		if l != nil {
			_ = l.Close()
		}
	}
}

func TestAdvertised(t *testing.T) {
	for _, c := range []struct {
		given []string
		want  string
	}{
		{[]string{"ctl.example.org"}, "ctl.example.org:7443"},
		{[]string{"ctl.example.org:8443"}, "ctl.example.org:8443"},
		{[]string{"192.0.2.1"}, "192.0.2.1:7443"},
		{[]string{"2001:db8::1"}, "[2001:db8::1]:7443"},
		{[]string{"[2001:db8::1]"}, "[2001:db8::1]:7443"},
		{[]string{"[2001:db8::1]:1"}, "[2001:db8::1]:1"},
	} {
		if got, err := advertised(c.given, ":7443"); err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%v: got %v, %v, want %s", c.given, got, err, c.want)
		}
	}
	own, err := advertised(nil, ":7443")
	if err != nil || len(own) != 1 {
		t.Fatalf("got %v, %v", own, err)
	}
	if host, port, err := net.SplitHostPort(own[0]); err != nil || port != "7443" || net.ParseIP(host) == nil {
		t.Errorf("got %v", own)
	}
}

// TestServeHTTPLetsRequestsEnd: a call goes on when the role ends; a stream
// learns of it at once, and still answers.
func TestServeHTTPLetsRequestsEnd(t *testing.T) {
	for kind, stream := range map[string]bool{"application/proto": false, "application/connect+proto": true, "": true} {
		t.Run(kind, func(t *testing.T) { letRequestEnd(t, kind, stream) })
	}
}

func letRequestEnd(t *testing.T, kind string, stream bool) {
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := listenLocal(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan error, 1)
	who := make(chan string, 1)
	go func() {
		ended <- serveHTTP(ctx, slog.New(slog.DiscardHandler), l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-ctx.Done()
			if stream {
				<-r.Context().Done()
			}
			if err := r.Context().Err(); !stream && err != nil {
				t.Errorf("a call is cancelled: %v", err)
			}
			who <- typist(r.Context())
			w.WriteHeader(http.StatusTeapot)
		}))
	}()
	client := http.Client{Transport: api.UnixTransport(path)}
	defer client.CloseIdleConnections()
	answered := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://linkspan/", nil)
		if err == nil {
			req.Header.Set("Content-Type", kind)
			var resp *http.Response
			if resp, err = client.Do(req); err == nil {
				err = resp.Body.Close()
				if resp.StatusCode != http.StatusTeapot {
					err = errors.New(resp.Status)
				}
			}
		}
		answered <- err
	}()
	<-begun
	cancel()
	if err := <-answered; err != nil {
		t.Errorf("a request under way is cut off: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if name := <-who; name == "" {
		t.Error("who typed it is not known")
	}
}
