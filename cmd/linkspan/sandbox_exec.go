// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (a *app) sandboxExec() *cobra.Command {
	c := &cobra.Command{
		Use: "exec SANDBOX -- COMMAND [ARG...]", Short: "run a command in a sandbox", Args: atLeast(2),
		Long: `Run a command of this host in the network of a sandbox, in the current folder and
terminal. It asks for names where the sandbox's networks answer. The exit status is the
command's.`,
		Example:           "  linkspan sandbox exec c1 -- ip address\n  linkspan sandbox exec c1 -- ping -c 1 c2",
		ValidArgsFunction: a.completeSandboxes,
		RunE: func(cmd *cobra.Command, args []string) error {
			command := args[1:]
			if command[0] == "--" {
				command = command[1:]
			}
			if len(command) == 0 {
				return usageError{errors.New("no command to run")}
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			found, err := sandboxes(cmd.Context(), client, args[0])
			client.Close()
			if err != nil {
				return err
			}
			return become(found[0], command)
		},
	}
	c.Flags().SetInterspersed(false)
	return c
}

// become turns this process into the command in the sandbox. The thread that it
// is done on is the whole process from then on (execve(2)).
func become(s *apiv1.Sandbox, command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("command %q is not found on this host", command[0]), Err: errors.Unwrap(err)}
	}
	runtime.LockOSThread()
	if err := enter(s); err != nil {
		return fmt.Errorf("enter sandbox %s: %w", s.GetName(), err)
	}
	return fmt.Errorf("run %s: %w", path, unix.Exec(path, command, os.Environ()))
}

// enter takes the calling thread into the network of a sandbox, with mounts of
// its own: what shows the network in files is that of the sandbox there.
func enter(s *apiv1.Sandbox) error {
	space, err := unix.Open(s.GetPath(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(space)
	if err := unix.Setns(space, unix.CLONE_NEWNET); err != nil {
		return err
	}
	if s.GetResolver() == "" {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("own mounts: %w", err)
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("/sys of the sandbox: %w", err)
	}
	if err := unix.Mount(s.GetResolver(), "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("/etc/resolv.conf of the sandbox: %w", err)
	}
	return nil
}
