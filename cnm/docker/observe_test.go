// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/cnm/docker"
)

// Each call that is one of Docker's is told of, with how it ended.
func TestCallsAreObserved(t *testing.T) {
	var seen []string
	s := docker.New(docker.Options{Observe: func(operation, result string, _ time.Duration) {
		seen = append(seen, operation+" "+result)
	}})
	for _, path := range []string{"/Plugin.Activate", "/NetworkDriver.Join", "/No.Such"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("not json"))
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
	if want := []string{"Plugin.Activate ok", "NetworkDriver.Join error"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}
