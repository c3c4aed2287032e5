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

func TestIdleGrows(t *testing.T) {
	before, err := process.Idle()
	if err != nil || before <= 0 {
		t.Fatalf("idle for %s, %v", before, err)
	}
}
