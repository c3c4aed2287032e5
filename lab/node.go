// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/process"
)

const (
	readyStep    = 10 * time.Millisecond
	readyPatient = 5 * time.Minute // for a node to become ready, on an emulated machine too
	logTail      = 1500            // bytes of a log that go into an error
	ownLog       = "node"
)

// namespaces are a node's own. No cgroup namespace: the groups' paths then are
// the same inside and outside, and Down can remove what was left of them.
const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
	syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// bootNode starts a node, calls wire with its first process, and lets it go on.
// The node ends by itself if the caller dies before that.
func bootNode(spec boot.Spec, wire func(init process.Identity) error) (process.Identity, error) {
	if err := clearNode(spec.Dir); err != nil {
		return process.Identity{}, err
	}
	file, err := spec.Write()
	if err != nil {
		return process.Identity{}, err
	}
	word, say, err := os.Pipe()
	if err != nil {
		return process.Identity{}, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	defer say.Close()
	init, err := startNode(spec, file, word)
	word.Close()
	if err != nil {
		return init, err
	}
	if err := wire(init); err != nil {
		return init, err
	}
	if _, err := say.Write([]byte{1}); err != nil {
		return init, fmt.Errorf("start %s: %w: %s", spec.Name, err, tail(spec.Dir, ownLog))
	}
	return init, nil
}

// clearNode removes what an earlier boot of the node told about itself.
func clearNode(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, boot.LogDir), 0o755); err != nil {
		return fmt.Errorf("make node folder: %w", err)
	}
	for _, name := range []string{boot.StateFile, boot.InitFile, boot.RunDir} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("clear node folder: %w", err)
		}
	}
	return nil
}

func startNode(spec boot.Spec, file string, word *os.File) (process.Identity, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return process.Identity{}, err
	}
	defer null.Close()
	out, err := os.OpenFile(filepath.Join(spec.Dir, boot.LogDir, ownLog+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return process.Identity{}, fmt.Errorf("open log: %w", err)
	}
	defer out.Close()
	child, err := os.StartProcess(spec.Binary, []string{spec.Binary, "lab-host", file}, &os.ProcAttr{
		Dir:   "/",
		Env:   beside(spec.Dockerd, environment(os.Environ())),
		Files: []*os.File{null, out, out, word},
		Sys:   &syscall.SysProcAttr{Setsid: true, Cloneflags: namespaces},
	})
	if err != nil {
		return process.Identity{}, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	pid := child.Pid
	// It outlives us; whoever ends it reaps it if it is still our child.
	if err := child.Release(); err != nil {
		return process.Identity{}, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	return process.Find(pid)
}

// awaitNode returns when every program of the node is ready. The error tells
// which one is not, and ends with what it printed last.
func awaitNode(ctx context.Context, dir string, init process.Identity) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatient)
	defer cancel()
	for {
		state, known, err := boot.ReadState(dir)
		if err != nil {
			return err
		}
		if known && len(state.Pending()) == 0 {
			return nil
		}
		if !init.Alive() {
			return trouble(dir, "it ended while it booted", ownLog)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), notReady(dir, state))
		case <-time.After(readyStep):
		}
	}
}

func notReady(dir string, state boot.State) error {
	pending := state.Pending()
	if len(pending) == 0 {
		return trouble(dir, "it does not boot", ownLog)
	}
	first := pending[0]
	what := first.Name + " does not become ready"
	if first.Waiting != "" {
		what = first.Name + " waits for " + first.Waiting
	}
	if first.LastExit != "" {
		what += ", last ended with " + first.LastExit
	}
	return trouble(dir, what, first.Name)
}

func trouble(dir, what, log string) error {
	return &linkspan.Error{
		Code: linkspan.Unavailable, Op: "boot " + filepath.Base(dir),
		Message: what + ": " + tail(dir, log), Hint: "linkspan doctor tells what the machine lacks",
	}
}

// tail returns the end of one of the node's logs.
func tail(dir, log string) string {
	raw, err := os.ReadFile(filepath.Join(dir, boot.LogDir, log+".log"))
	if errors.Is(err, fs.ErrNotExist) || len(raw) == 0 {
		return "(it printed nothing)"
	}
	if len(raw) > logTail {
		raw = raw[len(raw)-logTail:]
	}
	return strings.TrimSpace(string(raw))
}
