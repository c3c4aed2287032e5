// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
)

// Plug is one line of linkspan route watch.
type Plug struct {
	Kind, Network, From, To, Chassis, Reason string
	Packets                                  uint64
}

// Watch is linkspan route watch, running.
type Watch struct {
	mu    sync.Mutex
	plugs []Plug
}

// WatchRoutes starts linkspan route watch and returns once it misses nothing
// any more; it ends with the test.
func (l *Lab) WatchRoutes(t *testing.T) *Watch {
	t.Helper()
	cmd := l.CLICommand("route", "watch", "-o", "json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	complaints, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w, read := new(Watch), make(chan struct{})
	go func() {
		defer close(read)
		for dec := json.NewDecoder(out); ; {
			var p Plug
			if dec.Decode(&p) != nil {
				return
			}
			w.mu.Lock()
			w.plugs = append(w.plugs, p)
			w.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait() // killed
	})
	if _, err := bufio.NewReader(complaints).ReadString('\n'); err != nil {
		t.Fatalf("route watch: %v", err)
	}
	return w
}

// Plugs returns what was seen so far.
func (w *Watch) Plugs() []Plug {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.plugs)
}

// Await waits until something like that was seen, and returns all until then.
func (w *Watch) Await(t *testing.T, what string, like func(Plug) bool) []Plug {
	t.Helper()
	Eventually(t, what, func() error {
		if slices.ContainsFunc(w.Plugs(), like) {
			return nil
		}
		return errors.New("route watch did not print it")
	})
	return w.Plugs()
}
