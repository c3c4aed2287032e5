// SPDX-License-Identifier: Apache-2.0

package test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
)

// TestMovesConfined: hosts that are confined take what has no power over them, and
// nothing else.
func TestMovesConfined(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2, SwitchArgs: []string{"--allow-moves", "confined"}})
	l.Network(t, "go", "10.74.0.0/24")
	m := &moving{Lab: l}
	run := func(name string, options ...string) {
		m.comesBack(t, name)
		args := append([]string{"docker", "run", "-d", "--name", name, "--network", "go", "--stop-timeout", "1"}, options...)
		l.On(t, "h1", append(args, "busybox", "sleep", "86400")...)
	}
	for name, power := range map[string]struct{ option, told string }{
		"capable":    {"--cap-add=SYS_CHROOT", "CapAdd"},
		"unconfined": {"--security-opt=seccomp=unconfined", "SecurityOpt"},
		"sharing":    {"--volume=" + l.Probe() + ":/probe", "Binds"},
	} {
		run(name, power.option)
		r := l.TryCLI("endpoint", "move", "--shared", l.Probe(), "--to", "h2", name)
		if r.Exit != 1 || !strings.Contains(r.Err, "it has power over its host, which h2 does not allow") || !strings.Contains(r.Err, power.told) {
			t.Errorf("%s: %v", name, r)
		}
		if l.On(t, "h1", "docker", "inspect", "-f", "{{.State.Running}}", name) != "true" {
			t.Errorf("%s does not run", name)
		}
	}
	if left := l.On(t, "h2", "docker", "ps", "-aq"); left != "" {
		t.Errorf("on h2 there are %s", left)
	}
	run("plain", "--memory=64m", "--cap-drop=ALL", "--read-only", "--restart=always", "--security-opt=no-new-privileges")
	l.CLI(t, "endpoint", "move", "--to", "h2", "plain")
	if l.On(t, "h2", "docker", "inspect", "-f", "{{.State.Running}} {{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}", "plain") != "true 67108864 always" {
		t.Error("plain does not run on h2 as it was")
	}
}

// TestMovesNone: hosts take no part in moves unless they are told to.
func TestMovesNone(t *testing.T) {
	l := shared(t)
	l.Network(t, "stays", "10.75.0.0/24")
	c := l.Run(t, "h1", "stays1", "--network", "stays")
	for _, flags := range [][]string{{"--dry-run"}, nil} {
		r := l.TryCLI(append([]string{"endpoint", "move", "--to", "h2", c.Name}, flags...)...)
		for _, host := range []string{"h1", "h2"} {
			if r.Exit != 1 || !strings.Contains(r.Out+r.Err, "host "+host+" takes no part in moves") {
				t.Errorf("%v: %v", flags, r)
			}
		}
	}
	c.Exec(t, "true")
	if moves := l.CLI(t, "endpoint", "moves", "-q"); moves != "" {
		t.Errorf("under way are %s", moves)
	}
}
