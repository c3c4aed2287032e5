// SPDX-License-Identifier: Apache-2.0

package story

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// abode is the home of this run, made when the first test needs it.
var abode = sync.OnceValues(func() (*harness.Home, error) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	return harness.NewHome(repo)
})

func TestMain(m *testing.M) {
	if status, is := harness.Keeper(); is {
		os.Exit(status)
	}
	status := m.Run()
	if _, ok := harness.Binary(); ok {
		h, err := abode()
		if err == nil {
			err = h.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

func home(t *testing.T) *harness.Home {
	t.Helper()
	harness.Need(t)
	h, err := abode()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// must runs a command in the home and returns what it printed.
func must(t *testing.T, h *harness.Home, argv ...string) string {
	t.Helper()
	r := h.Try(argv...)
	if r.Exit != 0 {
		t.Fatalf("%q: %v", argv, r)
	}
	return r.Out
}
