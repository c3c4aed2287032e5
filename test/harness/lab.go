// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/linkspan/linkspan/lab"
)

// Lab is a lab whose commands are at hand.
type Lab struct {
	*lab.Lab
	Binary string
	site   *Site
}

var number atomic.Int32

// Up builds a lab in the site, under a name of its own, of the binary under test if no other is named.
func (s *Site) Up(ctx context.Context, cfg lab.Config) (*Lab, error) {
	binary, ok := Binary()
	if !ok {
		return nil, errors.New(Missing)
	}
	if cfg.Binary == "" {
		cfg.Binary = binary
	}
	cfg.StateDir = filepath.Join(s.Dir, labsDir)
	if cfg.Dockerd == "" {
		cfg.Dockerd = os.Getenv(DockerdVariable)
	}
	cfg.Name = fmt.Sprintf("e2e-%d-%d", os.Getpid(), number.Add(1))
	l, err := lab.Up(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Lab{Lab: l, Binary: binary, site: s}, nil
}

// Own builds a lab for one test, which takes it down at its end.
func (s *Site) Own(t *testing.T, cfg lab.Config) *Lab {
	t.Helper()
	l, err := s.Up(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.Tell(t)
		}
		if err := l.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Result is how a command ended.
type Result struct {
	Out, Err string // trimmed
	Exit     int    // -1: it did not run
}

// String is the result as a failed test prints it.
func (r Result) String() string {
	return fmt.Sprintf("exit status %d\n%s\n%s", r.Exit, r.Out, r.Err)
}

func run(cmd *exec.Cmd) Result {
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	r := Result{Out: strings.TrimSpace(out.String()), Err: strings.TrimSpace(complaint.String())}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Exit = exit.ExitCode()
	case err != nil:
		r.Exit, r.Err = -1, err.Error()
	}
	return r
}

// Try runs a command on a node, whatever comes of it.
func (l *Lab) Try(node string, argv ...string) Result {
	return run(l.Command(node, argv...))
}

// On runs a command on a node and returns what it printed; it must succeed.
func (l *Lab) On(t *testing.T, node string, argv ...string) string {
	t.Helper()
	r := l.Try(node, argv...)
	if r.Exit != 0 {
		t.Fatalf("on %s: %s: %v", node, strings.Join(argv, " "), r)
	}
	return r.Out
}

// CLICommand is linkspan against the lab's controller, ready to run.
func (l *Lab) CLICommand(args ...string) *exec.Cmd {
	cmd := exec.Command(l.Binary, args...) //nolint:noctx // the test's own deadline ends it
	cmd.Env = append(lab.ExecEnv(os.Environ()), "LINKSPAN_SOCKET="+l.Socket())
	return cmd
}

// TryCLI runs linkspan against the lab's controller, whatever comes of it.
func (l *Lab) TryCLI(args ...string) Result { return run(l.CLICommand(args...)) }

// CLI runs linkspan against the lab's controller; it must succeed.
func (l *Lab) CLI(t *testing.T, args ...string) string {
	t.Helper()
	r := l.TryCLI(args...)
	if r.Exit != 0 {
		t.Fatalf("linkspan %s: %v", strings.Join(args, " "), r)
	}
	return r.Out
}

// Lines runs linkspan against the lab's controller and returns what it printed,
// sorted by line.
func (l *Lab) Lines(args ...string) ([]string, error) {
	r := l.TryCLI(args...)
	if r.Exit != 0 {
		return nil, fmt.Errorf("linkspan %s: %v", strings.Join(args, " "), r)
	}
	return lines(r.Out), nil
}

// lines splits and sorts; nothing is no line.
func lines(text string) []string {
	list := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	slices.Sort(list)
	return list
}

// Tell logs what the programs of the lab printed last.
func (l *Lab) Tell(t *testing.T) {
	t.Helper()
	nodes := append([]string{"controller"}, l.Hosts()...)
	for _, node := range nodes {
		for _, program := range []string{"controller", "switch", "dockerd"} {
			text, err := os.ReadFile(l.LogFile(node, program))
			if err != nil {
				continue
			}
			const tail = 4000
			if len(text) > tail {
				text = text[len(text)-tail:]
			}
			t.Logf("%s of %s printed last:\n%s", program, node, text)
		}
	}
}

// Probe returns the path of the program of test/probe, the same on every host.
func (l *Lab) Probe() string { return l.site.Probe }
