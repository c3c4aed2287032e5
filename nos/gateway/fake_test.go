// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// executor remembers what it was to run, and answers with it.
type executor struct{ output gateway.Output }

func (e executor) Exec(ctx context.Context, member string, command []string, _ int) (gateway.Output, error) {
	if member == "gone" {
		return gateway.Output{}, &linkspan.Error{Code: linkspan.NotFound, Message: "no such member"}
	}
	if command[0] == "sleep" {
		<-ctx.Done()
		return gateway.Output{}, ctx.Err()
	}
	if e.output.Stdout != nil || e.output.Status != 0 {
		return e.output, nil
	}
	text, err := json.Marshal(append([]string{member}, command...))
	return gateway.Output{Stdout: text}, err
}

// folder returns one with a path that is short enough for sockets of tests.
func folder(t testing.TB) string {
	t.Helper()
	//nolint:usetesting // the path of a socket has 107 bytes, and t.TempDir holds the test's name
	dir, err := os.MkdirTemp("", "gw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serve serves a handler on a socket until the test ends or what it returns is called.
func serve(t testing.TB, dir, name string, h http.Handler) (end func()) {
	t.Helper()
	l, err := gateway.Listen(t.Context(), dir, name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := gateway.Serve(ctx, l, h, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	}()
	end = func() { cancel(); <-ended }
	t.Cleanup(end)
	return end
}

// client speaks to a socket.
func client(t testing.TB, path string) *http.Client {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// open makes a gateway with a table and a client of it as a caller.
func open(t testing.TB, o gateway.Options, table gateway.Table, c gateway.Caller) (*gateway.Gateway, *http.Client) {
	t.Helper()
	o.Composite = "edge"
	g := gateway.New(o)
	if err := g.Set(table); err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	end := serve(t, dir, "api.sock", g.For(c))
	h := client(t, filepath.Join(dir, "api.sock"))
	t.Cleanup(func() { h.CloseIdleConnections(); end() })
	return g, h
}

// ask makes a request and returns its status and answer.
func ask(t testing.TB, c *http.Client, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://gateway"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body, r.GetBody, r.ContentLength = nil, nil, 0
	}
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, strings.TrimSpace(string(text))
}

// all is a caller who may do everything.
func all() gateway.Caller {
	return gateway.Caller{Name: "root", Kind: gateway.KindHost, May: []string{gateway.All}}
}

// echo answers with who it is, who calls, and what.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, strings.TrimSpace(strings.Join([]string{name, r.Header.Get(gateway.CallerHeader), r.Method, r.URL.RequestURI(), string(body)}, " ")))
	})
}
