// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/metrics"
)

func get(t *testing.T, page *metrics.Page, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// A process is alive as long as it answers, ready when no part of any role
// failed, and what is degraded is said without being refused.
func TestReadyFollowsTheParts(t *testing.T) {
	page := metrics.NewPage("test")
	brain, hand := page.Expect("controller"), page.Expect("switch")
	var store error
	controller := metrics.OK
	brain.Is(func(context.Context) []metrics.Check {
		return []metrics.Check{metrics.Verdict("store", store, "answers")}
	})
	for _, step := range []struct {
		name string
		do   func()
		code int
		says string
	}{
		{"one role starts", func() {}, http.StatusServiceUnavailable, "is starting"},
		{"both are there", func() {
			hand.Is(func(context.Context) []metrics.Check { return []metrics.Check{{"controller", controller, "seen"}} })
		}, http.StatusOK, "ok\n"},
		{"the store is gone", func() { store = errors.New("no leader") }, http.StatusServiceUnavailable, "no leader"},
		{"the store is back", func() { store = nil }, http.StatusOK, "answers"},
		{"the controller is away", func() { controller = metrics.Degraded }, http.StatusOK, "degraded\n"},
	} {
		step.do()
		if code, body := get(t, page, "/readyz"); code != step.code || !strings.Contains(body, step.says) {
			t.Errorf("%s: %d %q, want %d with %q", step.name, code, body, step.code, step.says)
		}
		if code, body := get(t, page, "/healthz"); code != http.StatusOK || body != "alive\n" {
			t.Errorf("%s: not alive: %d %q", step.name, code, body)
		}
	}
	if code, _ := get(t, page, "/else"); code != http.StatusNotFound {
		t.Errorf("another path is answered with %d", code)
	}
}
