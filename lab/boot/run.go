// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab/process"
)

// GoFD is the descriptor on which the node is told, by one byte, that its
// cables are plugged and it may go on. When it closes without one, whoever was
// building the lab is gone, and so is the node.
const GoFD = 3

// Run is the first process of a node. It returns when ctx ends or SIGTERM comes
// (the node is then switched off), or with the error that kept it from booting.
func Run(ctx context.Context, specFile string) error {
	spec, err := ReadSpec(specFile)
	if err != nil {
		return err
	}
	if err := guard(spec); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, unix.SIGTERM)
	defer stop()
	// Caught from the beginning, so that it never ends the node, and never
	// ignored, which the programs would inherit.
	holds := make(chan os.Signal, 1)
	signal.Notify(holds, unix.SIGHUP)
	defer signal.Stop(holds)
	dir, err := os.OpenRoot(spec.Dir)
	if err != nil {
		return fmt.Errorf("open node folder: %w", err)
	}
	defer dir.Close()
	if err := announce(dir); err != nil {
		return err
	}
	if err := awaitGo(); err != nil {
		return err
	}
	return power(ctx, spec, dir, holds)
}

// power boots the node and keeps it running. Each word from holds says that
// held.json has changed.
func power(ctx context.Context, spec Spec, dir *os.Root, holds <-chan os.Signal) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", spec.Name)
	if err := furnish(spec, dir); err != nil {
		return err
	}
	if spec.Role == RoleHost {
		if err := prepareHost(ctx, spec); err != nil {
			return err
		}
	}
	s, err := newSupervisor(log, dir, spec.components(dir))
	if err != nil {
		return err
	}
	s.run(ctx, holds)
	return nil
}

// guard refuses to touch namespaces that were not made for this node: called by
// hand, it would cover the machine's own /run.
func guard(s Spec) error {
	mounts, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	if os.Getpid() != 1 || s.Outside == "" || mounts == s.Outside {
		return errors.New("not in namespaces of its own: this command is for `linkspan lab up` to run")
	}
	return nil
}

// announce writes down who the first process is. /proc is still the one that
// was mounted outside, so it is the number outside.
func announce(dir *os.Root) error {
	id, err := process.Self()
	if err != nil {
		return fmt.Errorf("own identity: %w", err)
	}
	raw, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("own identity: %w", err)
	}
	if err := dir.WriteFile(InitFile+".new", raw, 0o644); err != nil {
		return fmt.Errorf("own identity: %w", err)
	}
	return dir.Rename(InitFile+".new", InitFile)
}

func awaitGo() error {
	word := os.NewFile(GoFD, "go")
	if word == nil {
		return errors.New("no word on descriptor 3: this command is for `linkspan lab up` to run")
	}
	defer word.Close()
	if _, err := io.ReadFull(word, make([]byte, 1)); err != nil {
		return fmt.Errorf("whoever was building the lab is gone: %w", err)
	}
	return nil
}
