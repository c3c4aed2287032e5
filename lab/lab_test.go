// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
)

// bare brings up a lab without linkspan roles, and takes it down at the end.
func bare(t *testing.T, stateDir, name string, hosts int) *Lab {
	t.Helper()
	return bring(t, Config{StateDir: stateDir, Name: name, Hosts: hosts, Bare: true})
}

func bring(t *testing.T, cfg Config) *Lab {
	t.Helper()
	if lacks := Preflight(); len(lacks) > 0 {
		t.Skipf("this machine lacks what a lab needs: %v", lacks)
	}
	cfg.Progress = func(step string) { t.Log(step) }
	began := time.Now()
	l, err := Up(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := l.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// run runs a command in a host and returns what it printed.
func run(t *testing.T, l *Lab, host string, argv ...string) string {
	t.Helper()
	out, err := l.Command(host, argv...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %q: %v\n%s", host, argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestTwoHosts(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := bare(t, t.TempDir(), "two", 2)
	for _, host := range l.Hosts() {
		if got := run(t, l, host, "docker", "run", "--rm", "--network", "none", "busybox", "echo", "ran"); got != "ran" {
			t.Errorf("container on %s printed %q", host, got)
		}
		if got := run(t, l, host, "hostname"); got != host {
			t.Errorf("host name %q, want %q", got, host)
		}
		run(t, l, host, "ovs-vsctl", "add-br", "br-test", "--", "set", "bridge", "br-test", "datapath_type=netdev")
		if got := run(t, l, host, "ls", "/sys/class/net"); !strings.Contains(got, "eth0") || !strings.Contains(got, "br-test") {
			t.Errorf("links of %s: %q", host, got)
		}
	}
	pings(t, l, "h1", "h2")
	if one, two := run(t, l, "h1", "docker", "info", "-f", "{{.ID}}"), run(t, l, "h2", "docker", "info", "-f", "{{.ID}}"); one == two {
		t.Errorf("both engines are called %q", one)
	}
	checkStatus(t, l)
	checkExec(t, l)
	checkTerminal(t, l)
	checkClients(t, l)
	_, err := Up(t.Context(), Config{StateDir: filepath.Dir(l.Dir()), Name: "two", Hosts: 1, Bare: true})
	if linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("a second lab of that name: %v", err)
	}
}

func checkStatus(t *testing.T, l *Lab) {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range s.Nodes {
		names = append(names, n.Name)
		if !n.Ready() {
			t.Errorf("not ready: %+v", n)
		}
	}
	if diff := cmp.Diff([]string{"fabric", "h1", "h2"}, names); diff != "" || !s.Up {
		t.Errorf("up %v, nodes (-want +got):\n%s", s.Up, diff)
	}
	list, err := List(filepath.Dir(l.Dir()))
	if err != nil || len(list) != 1 || list[0].Name != l.Name() || list[0].Hosts != 2 || !list[0].Up {
		t.Errorf("list %+v, %v", list, err)
	}
}

func checkExec(t *testing.T, l *Lab) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, l, "h1", "pwd"); got != here {
		t.Errorf("current folder %q, want %q", got, here)
	}
	var exit *exec.ExitError
	if err := l.Command("h1", "sh", "-c", "exit 7").Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("exit status: %v", err)
	}
	args, err := l.ExecArgs("h1", "/no/such/folder", []string{"pwd"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(args[0], args[1:]...).Output(); err != nil || string(out) != "/\n" {
		t.Errorf("without its folder: %q, %v", out, err)
	}
	t.Setenv("DOCKER_HOST", "tcp://nobody:1")
	run(t, l, "h1", "docker", "version")
	if err := l.Command("h9", "true").Run(); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("unknown host: %v", err)
	}
}

// checkClients tries every docker client that the machine has, old and new.
func checkClients(t *testing.T, l *Lab) {
	t.Helper()
	for _, client := range []string{"/usr/bin/docker", "/usr/local/bin/docker"} {
		if _, err := os.Stat(client); err == nil {
			run(t, l, "h2", client, "run", "--rm", "--network", "none", "busybox", "id")
		}
	}
}

func TestRolesAndOrder(t *testing.T) {
	l := bring(t, Config{StateDir: t.TempDir(), Name: "roles", Hosts: 2})
	if got := run(t, l, "controller", "hostname"); got != "controller" {
		t.Errorf("controller is called %q", got)
	}
	pings(t, l, "h1", "controller")
	if info, err := os.Stat(l.Socket()); err != nil || info.Mode()&os.ModeSocket == 0 {
		t.Errorf("controller socket: %v, %v", info, err)
	}
	info, err := os.Stat(filepath.Join(l.Dir(), "h1", boot.JoinFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token: %v, %v", info, err)
	}
	if err := l.Reboot(t.Context(), "controller"); err != nil {
		t.Error(err)
	}
	if err := l.Stop(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PID("h2", boot.Switch); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("stopped program: %v", err)
	}
	if err := l.Reboot(t.Context(), "h1"); err != nil {
		t.Error(err)
	}
}

func TestComponents(t *testing.T) {
	l := bare(t, t.TempDir(), "components", 1)
	id := run(t, l, "h1", "docker", "run", "-d", "--network", "none", "busybox", "sleep", "1000")
	for _, program := range []string{boot.OVSDBServer, boot.VSwitchd, boot.Dockerd} {
		before, err := l.PID("h1", program)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Restart(t.Context(), "h1", program); err != nil {
			t.Fatal(err)
		}
		if after, err := l.PID("h1", program); err != nil || after == before {
			t.Errorf("%s: process %d, then %d, %v", program, before, after, err)
		}
	}
	if err := l.Crash(t.Context(), "h1", boot.Dockerd); err != nil {
		t.Fatal(err)
	}
	if got := run(t, l, "h1", "docker", "inspect", "-f", "{{.State.Running}}", id); got != "true" {
		t.Errorf("with live-restore the container runs: %q", got)
	}
	if err := l.Kill("h1", boot.VSwitchd, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	run(t, l, "h1", "ovs-appctl", "version")
}

// pings waits until a host has an answer of another to an echo request, of which one may be lost.
func pings(t *testing.T, l *Lab, from, to string) {
	t.Helper()
	eventually(t, to+" answers "+from, func() bool {
		return l.Command(from, "busybox", "ping", "-c", "1", "-W", "5", l.Address(to).String()).Run() == nil
	})
}

func TestCable(t *testing.T) {
	l := bare(t, t.TempDir(), "cable", 2)
	reach := func() error {
		return l.Command("h1", "busybox", "ping", "-c", "1", "-W", "1", l.Address("h2").String()).Run()
	}
	if err := l.Unplug("h2"); err != nil {
		t.Fatal(err)
	}
	if reach() == nil {
		t.Error("h2 answers without its cable")
	}
	if err := l.Plug("h2"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "h2 answers again", func() bool { return reach() == nil })
	if err := l.Unplug("h3"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a cable that is not there: %v", err)
	}
}

func TestReboot(t *testing.T) {
	l := bare(t, t.TempDir(), "reboot", 2)
	run(t, l, "h1", "docker", "run", "-d", "--name", "kept", "--restart", "always", "--network", "none", "busybox", "sleep", "1000")
	run(t, l, "h1", "ovs-vsctl", "add-br", "kept", "--", "set", "bridge", "kept", "datapath_type=netdev")
	run(t, l, "h1", "touch", "/run/volatile", "/var/lib/linkspan/kept")
	if err := l.Reboot(t.Context(), "h1"); err != nil {
		t.Fatal(err)
	}
	run(t, l, "h1", "docker", "image", "inspect", "busybox")
	if got := run(t, l, "h1", "docker", "inspect", "-f", "{{.State.Running}}", "kept"); got != "true" {
		t.Errorf("container that restarts always: running %q", got)
	}
	run(t, l, "h1", "ovs-vsctl", "br-exists", "kept")
	run(t, l, "h1", "test", "-e", "/var/lib/linkspan/kept")
	run(t, l, "h1", "test", "!", "-e", "/run/volatile")
	pings(t, l, "h2", "h1")
	if err := l.PowerOff(t.Context(), "h1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Command("h1", "true").Run(); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a command on a host that is off: %v", err)
	}
	if err := l.PowerOn(t.Context(), "h1"); err != nil {
		t.Fatal(err)
	}
}
