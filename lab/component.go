// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/process"
)

// The programs of a node are called ovsdb-server, ovs-vswitchd, switch and
// dockerd on a host, and controller on the controller.

// PID returns the number, outside of the lab, of the node's program. The error
// has the code Unavailable while it does not run.
func (l *Lab) PID(node, program string) (int, error) {
	id, err := l.program(node, program)
	return id.PID, err
}

// Kill sends the signal to the node's program. If it ends, it is started again,
// after a short pause if it had not run for long.
func (l *Lab) Kill(node, program string, signal unix.Signal) error {
	id, err := l.program(node, program)
	if err != nil {
		return err
	}
	return id.Signal(signal)
}

// Restart asks the node's program to end (SIGTERM), and returns when it was
// started again and is ready.
func (l *Lab) Restart(ctx context.Context, node, program string) error {
	return l.again(ctx, node, program, unix.SIGTERM)
}

// Crash kills the node's program (SIGKILL), and returns when it was started
// again and is ready.
func (l *Lab) Crash(ctx context.Context, node, program string) error {
	return l.again(ctx, node, program, unix.SIGKILL)
}

func (l *Lab) again(ctx context.Context, node, program string, signal unix.Signal) error {
	before, err := l.component(node, program)
	if err != nil {
		return err
	}
	if err := l.Kill(node, program, signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return l.until(ctx, node, program, "is not ready again", func(c boot.Component) bool {
		return c.Ready && c.Starts > before.Starts
	})
}

// Stop ends the node's program (SIGTERM) and keeps it down, over a Reboot too,
// until Start.
func (l *Lab) Stop(ctx context.Context, node, program string) error {
	if err := l.hold(ctx, node, program, true); err != nil {
		return err
	}
	asked := 0
	return l.until(ctx, node, program, "does not stop", func(c boot.Component) bool {
		// Only now does the node know that it is to stay down. It may just have
		// started the program again, so each one is asked once.
		if c.Held && c.PID != asked && c.PID != 0 && l.Kill(node, program, unix.SIGTERM) == nil {
			asked = c.PID
		}
		return c.Held && c.PID == 0
	})
}

// Start undoes Stop and returns when the program is ready.
func (l *Lab) Start(ctx context.Context, node, program string) error {
	if err := l.hold(ctx, node, program, false); err != nil {
		return err
	}
	return l.until(ctx, node, program, "does not become ready", func(c boot.Component) bool {
		return c.Ready && !c.Held
	})
}

func (l *Lab) component(node, program string) (boot.Component, error) {
	if _, err := l.init(node); err != nil {
		return boot.Component{}, err
	}
	state, _, err := boot.ReadState(l.node(node))
	if err != nil {
		return boot.Component{}, err
	}
	c, ok := state.Component(program)
	if !ok {
		return c, &linkspan.Error{
			Code: linkspan.NotFound, Message: fmt.Sprintf("%s runs no %q", node, program),
			Hint: "linkspan lab status",
		}
	}
	return c, nil
}

func (l *Lab) program(node, program string) (process.Identity, error) {
	c, err := l.component(node, program)
	if err != nil {
		return process.Identity{}, err
	}
	init, err := l.init(node)
	if err != nil {
		return process.Identity{}, err
	}
	off := &linkspan.Error{Code: linkspan.Unavailable, Message: program + " does not run on " + node, Hint: "linkspan lab status"}
	if c.PID == 0 {
		return process.Identity{}, off
	}
	id, err := process.Inside(init, c.PID)
	if errors.Is(err, os.ErrProcessDone) {
		return process.Identity{}, off
	}
	return id, err
}

// hold writes down whether the program is to stay down, and tells the node.
func (l *Lab) hold(ctx context.Context, node, program string, down bool) error {
	if _, err := l.component(node, program); err != nil {
		return err
	}
	return l.locked(ctx, node, func() error {
		init, err := l.init(node)
		if err != nil {
			return err
		}
		if err := writeHolds(l.node(node), program, down); err != nil {
			return err
		}
		return init.Signal(unix.SIGHUP)
	})
}

func writeHolds(dir, program string, down bool) error {
	var names []string
	file := filepath.Join(dir, boot.HeldFile)
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &names)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read holds: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == program })
	if down {
		names = append(names, program)
	}
	if raw, err = json.Marshal(names); err != nil {
		return fmt.Errorf("write holds: %w", err)
	}
	if err := os.WriteFile(file+".new", raw, 0o644); err != nil {
		return fmt.Errorf("write holds: %w", err)
	}
	return os.Rename(file+".new", file)
}

// until waits for what the program's state must become.
func (l *Lab) until(ctx context.Context, node, program, complaint string, met func(boot.Component) bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatient)
	defer cancel()
	for {
		c, err := l.component(node, program)
		if err != nil {
			return err
		}
		if met(c) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), trouble(l.node(node), program+" "+complaint, program))
		case <-time.After(readyStep):
		}
	}
}
