// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Terminal is a command that is spoken to while it runs.
type Terminal struct {
	in io.WriteCloser

	mu    sync.Mutex
	heard []string
}

// Open starts a command in the container; it ends with the test.
func (c *Container) Open(t *testing.T, argv ...string) *Terminal {
	t.Helper()
	cmd := c.Lab.Command(c.Host, append([]string{"docker", "exec", "-i", c.Name}, argv...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// What enters a node is two processes, which end together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term, read := &Terminal{in: in}, make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			term.mu.Lock()
			term.heard = append(term.heard, lines.Text())
			term.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-read
		_ = cmd.Wait() // killed
	})
	return term
}

// Say writes a line.
func (s *Terminal) Say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(s.in, line); err != nil {
		t.Fatal(err)
	}
}

// Ends tells it that nothing more will be said.
func (s *Terminal) Ends(t *testing.T) {
	t.Helper()
	if err := s.in.Close(); err != nil {
		t.Fatal(err)
	}
}

// Heard returns the lines that it has printed.
func (s *Terminal) Heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// Hears waits until all that it printed is these lines.
func (s *Terminal) Hears(t *testing.T, want ...string) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%q is heard", want), func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.Join(s.heard, "\n") != strings.Join(want, "\n") {
			return fmt.Errorf("heard %q", s.heard)
		}
		return nil
	})
}
