// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// place is the site of this run, made when the first test needs it.
var place = sync.OnceValues(func() (*harness.Site, error) { return harness.NewSite(context.Background()) })

// common is the lab that most tests share.
var common = sync.OnceValues(func() (*harness.Lab, error) {
	s, err := place()
	if err != nil {
		return nil, err
	}
	return s.Up(context.Background(), lab.Config{Hosts: 2})
})

func TestMain(m *testing.M) {
	if status, is := harness.Reaper(); is {
		os.Exit(status)
	}
	status := m.Run()
	if _, ok := harness.Binary(); ok {
		s, err := place()
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// shared returns the lab of two hosts that most tests share.
func shared(t *testing.T) *harness.Lab {
	t.Helper()
	harness.Need(t)
	l, err := common()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.Tell(t)
		}
	})
	return l
}

// own returns a lab that the test may break; it goes with the test. Tests that need no
// other one, and do not measure how fast something is, run beside each other, after all
// the others.
func own(t *testing.T, cfg lab.Config) *harness.Lab {
	t.Helper()
	harness.Need(t)
	s, err := place()
	if err != nil {
		t.Fatal(err)
	}
	return s.Own(t, cfg)
}
