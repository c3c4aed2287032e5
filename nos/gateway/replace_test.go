// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linkspan/linkspan/nos/gateway"
)

func body(t testing.TB, a *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func link(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Symlink(from, to); err != nil {
		t.Fatal(err)
	}
}

// load makes calls until stop is called, and returns how many were made and how many failed;
// more waits for some. Half of them
// change something, so that nobody may make them twice.
func load(t *testing.T, c *http.Client) (more func(), stop func() (made, failed int64)) {
	t.Helper()
	var made, failed atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				method, path := http.MethodGet, "/v1/dns/leases"
				if i%2 == 0 {
					method, path = http.MethodPost, "/v1/dns/flush"
				}
				r, _ := http.NewRequestWithContext(context.WithoutCancel(ctx), method, "http://gateway"+path, strings.NewReader("{}"))
				if method == http.MethodGet {
					r.Body, r.GetBody, r.ContentLength = nil, nil, 0
				}
				made.Add(1)
				a, err := c.Do(r)
				if err != nil || a.StatusCode != http.StatusOK {
					failed.Add(1)
					t.Logf("%s: %v %v", method, a, err)
					continue
				}
				_, _ = io.Copy(io.Discard, a.Body)
				a.Body.Close()
			}
		})
	}
	more = func() {
		before, deadline := made.Load(), time.Now().Add(time.Minute)
		for made.Load() < before+20 && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
	}
	return more, func() (int64, int64) { cancel(); all.Wait(); return made.Load(), failed.Load() }
}

// Members come beside those before them, or after them: no call is lost.
func TestReplaceUnderLoad(t *testing.T) {
	t.Parallel()
	for name, beside := range map[string]bool{"beside": true, "after": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			old := gateway.NewBackend(dir)
			end := serve(t, dir, "dns.sock", echo("0"))
			g, c := open(t, gateway.Options{Patience: 30 * time.Second}, edge(old), all())
			more, stop := load(t, c)
			for range 10 {
				more()
				next := folder(t)
				b := gateway.NewBackend(next)
				if beside {
					serving := serve(t, next, "dns.sock", echo("new"))
					must(t, g.Set(edge(b)))
					drained(t, old)
					end()
					end = serving
				} else {
					drained(t, old)
					end()
					must(t, g.Set(edge(b)))
					end = serve(t, next, "dns.sock", echo("new"))
				}
				old = b
			}
			made, failed := stop()
			t.Logf("%d calls", made)
			if failed > 0 || made < 100 {
				t.Errorf("of %d calls %d failed", made, failed)
			}
			drained(t, old)
		})
	}
}

func drained(t *testing.T, b *gateway.Backend) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if left := b.Drain(ctx); left > 0 {
		t.Errorf("%d calls are still under way", left)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A call waits for a member that is about to come, and is told when none does.
func TestPatience(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	dns := gateway.NewBackend(dir)
	t.Cleanup(func() { dns.Drain(context.Background()) })
	g, c := open(t, gateway.Options{Patience: 30 * time.Second}, edge(dns), all())
	answered := make(chan string)
	go func() {
		text, err := g.Call(context.Background(), all(), "dns", "leases", nil)
		answered <- string(text) + errText(err)
	}()
	serve(t, dir, "dns.sock", echo("late"))
	if got := <-answered; got != "late host/root GET /leases" {
		t.Errorf("%s", got)
	}
	_ = c
	hasty := gateway.New(gateway.Options{Patience: time.Millisecond})
	must(t, hasty.Set(edge(gateway.NewBackend(folder(t)))))
	if _, err := hasty.Call(t.Context(), all(), "dns", "flush", map[string]any{"all": true}); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("%v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
