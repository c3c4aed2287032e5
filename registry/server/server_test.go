// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
)

const sum = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestRoute(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         string // what is needed
	}{
		{"GET", "/v2/", ""},
		{"GET", "/v2/_catalog", "registry:catalog:*"},
		{"GET", "/v2/a/b/manifests/1", "repository:a/b:pull"},
		{"HEAD", "/v2/a/manifests/" + sum, "repository:a:pull"},
		{"PUT", "/v2/a/manifests/1", "repository:a:pull,push"},
		{"DELETE", "/v2/a/blobs/" + sum, "repository:a:delete"},
		{"POST", "/v2/a/blobs/uploads/", "repository:a:pull,push"},
		{"POST", "/v2/a/blobs/uploads/?mount=" + sum + "&from=b", "repository:a:pull,push repository:b:pull"},
		{"PATCH", "/v2/a/blobs/uploads/123-x", "repository:a:pull,push"},
		{"GET", "/v2/a/tags/list", "repository:a:pull"},
		{"GET", "/v2/a/referrers/" + sum, "repository:a:pull"},
		{"GET", "/v2/manifests/blobs/tags/list", "repository:manifests/blobs:pull"},
		{"PUT", "/v2/a/referrers/" + sum, "invalid"},
		{"GET", "/v2/a/referrers/x", "invalid"},
		{"GET", "/v2/A/referrers/" + sum, "invalid"},
		{"PUT", "/v2/a/manifests/sha512:" + strings.Repeat("a", 128), "invalid"},
		{"PUT", "/v2/a/blobs/uploads/1?digest=sha512:aa", "invalid"},
		{"GET", "/v2/a/../b/tags/list", "invalid"},
		{"GET", "/v2//a/tags/list", "invalid"},
		{"GET", "/v2/a%2Fb/tags/list", "invalid"},
		{"GET", "/v2/A/tags/list", "not_found"},
		{"GET", "/v2/a", "not_found"},
	} {
		q, err := newRouter().read(httptest.NewRequest(c.method, c.path, nil))
		var got []string
		for _, s := range q.needs {
			got = append(got, s.String())
		}
		text := strings.Join(got, " ")
		if err != nil {
			text = linkspan.CodeOf(err).String()
		}
		if text != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, text, c.want)
		}
	}
}

// FuzzRoute is that nothing but the base can be asked for without a right.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"/v2/", "/v2/a/manifests/1", "/v2/a/blobs/uploads/1", "/v2/_catalog", "/v2/a/referrers/" + sum, "/v2/../v2/a"} {
		f.Add("PUT", seed, "from=b")
	}
	table := newRouter()
	f.Fuzz(func(t *testing.T, method, path, query string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, Body: http.NoBody}
		q, err := table.read(r)
		if err == nil && len(q.needs) == 0 && (q.kind != kindBase || strings.Trim(path, "/") != "v2") {
			t.Errorf("%s %q needs nothing", method, path)
		}
		for _, s := range q.needs {
			if err == nil && len(s.Actions) == 0 {
				t.Errorf("%s %q needs %s", method, path, s)
			}
		}
	})
}

// TestGate is that writers and the collector keep each other out, and that the collector gives up.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		leave, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.close(t.Context()); linkspan.CodeOf(err) != linkspan.Unavailable {
			t.Errorf("a writer that stays: %v", err)
		}
		closed := make(chan func())
		go func() {
			open, err := g.close(t.Context())
			if err != nil {
				t.Error(err)
			}
			closed <- open
		}()
		synctest.Wait()
		if _, err := g.close(t.Context()); linkspan.CodeOf(err) != linkspan.InUse {
			t.Errorf("two at once: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.enter(short); err == nil {
			t.Error("a writer comes in while somebody waits to be alone")
		}
		leave()
		open := <-closed
		open()
		if leave, err = g.enter(t.Context()); err != nil {
			t.Error(err)
		}
		leave()
	})
}

func TestTries(t *testing.T) {
	clock := time.Now()
	s := newTries(func() time.Time { return clock })
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range wrongAtOnce {
		if err := s.take(a); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if err := s.take(a); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("one too many: %v", err)
	}
	if err := s.take(b); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	s.forgive(a)
	if err := s.take(a); err != nil {
		t.Errorf("after one that was right: %v", err)
	}
	clock = clock.Add(wrongEvery)
	if err := s.take(a); err != nil {
		t.Errorf("later: %v", err)
	}
}
