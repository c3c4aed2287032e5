// SPDX-License-Identifier: Apache-2.0

package process_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/linkspan/linkspan/bench/process"
)

func start(t *testing.T, script string) *process.Process {
	t.Helper()
	p, err := process.Start(process.Command{
		Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func TestUsageGrowsWithWork(t *testing.T) {
	p := start(t, "while :; do :; done")
	deadline := time.Now().Add(30 * time.Second)
	for {
		used, err := p.CPU()
		if err != nil {
			t.Fatal(err)
		}
		if used >= 50*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a busy loop has used %s", used)
		}
	}
	if m, err := p.Memory(); err != nil || m <= 0 {
		t.Fatalf("memory %d, %v", m, err)
	}
}

func TestListeningTellsWhenItEnded(t *testing.T) {
	p := start(t, "exit 3")
	if err := p.Listening(t.Context(), "unix", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Fatal("a program that has ended listens")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := start(t, "exec sleep 60").Listening(ctx, "unix", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Fatal("a program that does not listen does")
	}
}

func TestProcessorsHaveWorked(t *testing.T) {
	for name, of := range map[string]func() (time.Duration, error){"idle": process.Idle, "busy": process.Busy} {
		if d, err := of(); err != nil || d <= 0 {
			t.Errorf("%s for %s, %v", name, d, err)
		}
	}
}

// TestFrozen: a program does nothing while it is frozen, and goes on then.
func TestFrozen(t *testing.T) {
	p := start(t, "while :; do :; done")
	used := func() time.Duration {
		t.Helper()
		d, err := p.CPU()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for used() == 0 { // until it works
		time.Sleep(time.Millisecond)
	}
	var before, after time.Duration
	err := p.Frozen(func() error {
		before = used()
		for busy := time.Now(); time.Since(busy) < 100*time.Millisecond; {
			after = used()
		}
		return nil
	})
	if err != nil || after > before+10*time.Millisecond { // one tick may be under way
		t.Errorf("it used %s while it was frozen: %v", after-before, err)
	}
	for deadline := time.Now().Add(30 * time.Second); used() <= after; {
		if time.Now().After(deadline) {
			t.Fatal("it does not go on")
		}
	}
}
