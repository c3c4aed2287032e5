// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/linkspan/linkspan/lab"
)

// reaperArg is the first argument of a test program that is to be a reaper.
const reaperArg = "end-labs"

const reapLimit = 2 * time.Minute

// Site is a folder for labs and for what tests share with containers. Whatever
// happens to the test program, the labs in it are taken down: another process
// does that as soon as this one closes its end of a pipe or dies.
type Site struct {
	Dir   string // labs, and files of tests
	Probe string // the program of test/probe

	reaper *exec.Cmd
	leash  io.Closer
	last   *bytes.Buffer
}

// Reaper is what TestMain calls first: in a process that is to take labs down
// it does that and reports true, and the program must end with the status.
func Reaper() (status int, is bool) {
	if len(os.Args) != 3 || os.Args[1] != reaperArg {
		return 0, false
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other one is gone, however
	if err := reap(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

func reap(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), reapLimit)
	defer cancel()
	labs := filepath.Join(dir, labsDir)
	list, err := lab.List(labs)
	for _, s := range list {
		l, bad := lab.Open(labs, s.Name)
		if bad == nil {
			bad = l.Down(ctx)
		}
		err = errors.Join(err, bad)
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

const labsDir = "l"

// NewSite makes the folder and its reaper.
func NewSite(ctx context.Context) (*Site, error) {
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return nil, err
	}
	s := &Site{Dir: dir, last: new(bytes.Buffer)}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// Not by CommandContext: it must outlive whatever ends this process.
	s.reaper = exec.Command(own, reaperArg, dir) //nolint:noctx // see above
	s.reaper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.reaper.Stderr = s.last
	if s.leash, err = s.reaper.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.reaper.Start(); err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	s.Probe, err = buildProbe(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close takes down every lab of the site and removes the folder.
func (s *Site) Close() error {
	if err := s.leash.Close(); err != nil {
		return err
	}
	if err := s.reaper.Wait(); err != nil {
		return fmt.Errorf("take labs down: %w: %s", err, s.last)
	}
	return nil
}
