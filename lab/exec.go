// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// ExecArgs returns the path and arguments of a program that runs argv in the
// node, in the folder dir as the node sees it ("/" if it has none of that name).
// Standard input and output, the terminal and the exit status pass by
// themselves; the environment to run it with is ExecEnv's. The path is the
// first argument.
func (l *Lab) ExecArgs(node, dir string, argv []string) ([]string, error) {
	init, err := l.init(node)
	if err != nil {
		return nil, err
	}
	enter, err := lookPath("nsenter")
	if err != nil {
		return nil, err
	}
	target := strconv.Itoa(init.PID)
	if info, err := os.Stat(filepath.Join("/proc", target, "root", dir)); err != nil || !info.IsDir() {
		dir = "/"
	}
	args := []string{
		enter, "--target", target, "--mount", "--uts", "--ipc", "--net", "--pid",
		"--wdns=" + dir, "--",
	}
	return append(args, argv...), nil
}

// ExecEnv returns environ without what would lead a command in a node to the
// machine's own engine or controller (DOCKER_HOST and the like).
func ExecEnv(environ []string) []string { return environment(environ) }

// Command returns argv made ready to run in the node, in the caller's current
// folder. If the node is off or unknown, running it returns that error.
func (l *Lab) Command(node string, argv ...string) *exec.Cmd {
	dir, err := os.Getwd()
	if err != nil {
		return &exec.Cmd{Err: fmt.Errorf("current folder: %w", err)}
	}
	args, err := l.ExecArgs(node, dir, argv)
	if err != nil {
		return &exec.Cmd{Err: err}
	}
	return &exec.Cmd{Path: args[0], Args: args, Env: ExecEnv(os.Environ())}
}
