// SPDX-License-Identifier: Apache-2.0

package stand

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan/lab"
)

// Config says what a Stand is made of.
type Config struct {
	Linkspan string // the program
	Hosts    int
	Dir      string // an empty folder for the lab; its path must be short
	// Packaged has dockerd guard and masquerade its networks, as Debian's
	// package starts it. A lab's dockerd does not, which makes Docker's own
	// networks cheaper than they are elsewhere.
	Packaged bool
	// SwitchArgs are more arguments for linkspan serve switch.
	SwitchArgs []string
}

// Stand is a lab and Docker's command line.
type Stand struct {
	*lab.Lab
	docker string
}

// wrapper starts dockerd with the last word on what a lab turns off.
const wrapper = "#!/bin/sh\nexec %s \"$@\" --iptables=true --userland-proxy=true\n"

// Up starts a lab. Close ends it.
func Up(ctx context.Context, c Config) (*Stand, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, err
	}
	cfg := lab.Config{Name: "bench", Hosts: c.Hosts, Binary: c.Linkspan, StateDir: c.Dir, SwitchArgs: c.SwitchArgs}
	if c.Packaged {
		if cfg.Dockerd, err = wrap(c.Dir); err != nil {
			return nil, err
		}
	}
	l, err := lab.Up(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Stand{l, docker}, nil
}

func wrap(dir string) (string, error) {
	dockerd, err := exec.LookPath("dockerd")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "dockerd")
	return path, os.WriteFile(path, fmt.Appendf(nil, wrapper, dockerd), 0o700)
}

// Close takes the lab down, also when ctx has ended.
func (s *Stand) Close(ctx context.Context) error { return s.Down(context.WithoutCancel(ctx)) }

// Docker runs one docker command against a host's dockerd, from outside of the
// host, and returns how long it took from the start of the command to its end.
func (s *Stand) Docker(ctx context.Context, host string, args ...string) (time.Duration, error) {
	_, took, err := s.Ask(ctx, host, args...)
	return took, err
}

// Ask is Docker that returns what the command printed, trimmed.
func (s *Stand) Ask(ctx context.Context, host string, args ...string) (string, time.Duration, error) {
	socket, err := s.DockerSocket(host)
	if err != nil {
		return "", 0, err
	}
	cmd := exec.CommandContext(ctx, s.docker, append([]string{"--host", "unix://" + socket}, args...)...)
	cmd.Env = lab.ExecEnv(os.Environ())
	var complaint strings.Builder
	cmd.Stderr = &complaint
	began := time.Now()
	out, err := cmd.Output()
	took := time.Since(began)
	if err != nil {
		return "", took, fmt.Errorf("on %s: docker %s: %w: %s", host, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), took, nil
}

// On runs a command on a node of the lab and returns what it printed, trimmed.
func (s *Stand) On(node string, argv ...string) (string, error) {
	cmd := s.Command(node, argv...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("on %s: %s: %w: %s", node, strings.Join(argv, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// Each runs commands on a node, one after the other. Their words are what spaces
// part.
func (s *Stand) Each(node string, commands ...string) error {
	for _, c := range commands {
		if _, err := s.On(node, strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}
