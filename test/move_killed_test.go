// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// stopsLate answers, and stops when it is told to and may.
const stopsLate = `trap 'stop=1' TERM; /probe serve :7000 & until [ "$stop" ] && [ -e /may/stop ]; do sleep 1; done`

// killed kills a program while a container is being stopped, which takes it a while:
// in the end it runs once, and can be moved.
func (m *moving) killed(t *testing.T, node, program string) {
	m.comesBack(t, "once")
	//nolint:usetesting // the site's folder goes after its labs, whose containers may hold it
	dir, err := os.MkdirTemp(filepath.Dir(m.Probe()), "once-")
	if err != nil {
		t.Fatal(err)
	}
	paths := m.Probe() + "," + dir
	m.On(t, "h1", "docker", "run", "-d", "--name", "once", "--network", "go", "--ip", "10.71.0.80", "--restart", "always", "--stop-timeout", "30",
		"--volume", m.Probe()+":/probe:ro", "--volume", dir+":/may", "busybox", "sh", "-c", stopsLate)
	harness.Eventually(t, "it answers", func() error {
		if r := m.talker.Ask("tcp", "10.71.0.80"); r.Exit != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
	ended := make(chan harness.Result, 1)
	go func() { ended <- m.TryCLI("endpoint", "move", "--shared", paths, "--to", "h2", "once") }()
	harness.Eventually(t, "it is being stopped", func() error {
		if step := m.TryCLI("endpoint", "moves", "-o", "json"); !strings.Contains(step.Out, `"stopping"`) {
			return fmt.Errorf("%v", step)
		}
		return nil
	})
	if err := m.Crash(t.Context(), node, program); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stop"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r := <-ended
	t.Logf("the move ended with %v", r)
	if node == "controller" && !strings.Contains(r.Err, "endpoint moves") {
		t.Error("who asked is not told what becomes of it")
	}
	where := m.once(t)
	if where == "h1" {
		m.CLI(t, "endpoint", "move", "--shared", paths, "--to", "h2", "once")
		where = m.once(t)
	}
	if where != "h2" {
		t.Errorf("it is on %s", where)
	}
}

// once waits until no move is under way and the container runs on one host, which
// it returns.
func (m *moving) once(t *testing.T) (where string) {
	t.Helper()
	harness.Eventually(t, "it runs once", func() error {
		if r := m.TryCLI("endpoint", "moves", "-q"); r.Exit != 0 || r.Out != "" {
			return fmt.Errorf("under way: %v", r)
		}
		where = ""
		for _, host := range []string{"h1", "h2"} {
			if r := m.Try(host, "docker", "inspect", "-f", "{{.State.Running}}", "once"); r.Out == "true" {
				where += host
			}
		}
		if where != "h1" && where != "h2" {
			return fmt.Errorf("it runs on %q", where)
		}
		if r := m.talker.Ask("tcp", "10.71.0.80"); r.Exit != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
	return where
}
