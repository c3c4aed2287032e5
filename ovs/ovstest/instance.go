// SPDX-License-Identifier: Apache-2.0

package ovstest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The daemons of an Instance.
const (
	Database = "ovsdb-server"
	Daemon   = "ovs-vswitchd"
)

const schema = "/usr/share/openvswitch/vswitch.ovsschema"

// Instance is an Open vSwitch of the test's own, userspace datapath unless the
// kernel has one.
type Instance struct {
	RunDir string // its sockets, pid files, database and logs
	Socket string // of ovsdb-server

	t     testing.TB
	procs map[string]*exec.Cmd
}

// Start runs both daemons and stops them when the test ends.
func Start(t testing.TB) *Instance {
	t.Helper()
	Need(t, Database, Daemon, "ovsdb-tool", "ovs-vsctl", "ovs-ofctl")
	//nolint:usetesting // the path of a socket has 107 bytes, and t.TempDir holds the test's name
	dir, err := os.MkdirTemp("", "ovs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	i := &Instance{RunDir: dir, Socket: filepath.Join(dir, "db.sock"), t: t, procs: make(map[string]*exec.Cmd)}
	i.Run("ovsdb-tool", "create", i.file("conf.db"), schema)
	t.Cleanup(func() { i.Kill(Daemon); i.Kill(Database) })
	i.Restart(Database)
	i.Vsctl("--no-wait", "init")
	i.Restart(Daemon)
	return i
}

func (i *Instance) file(name string) string { return filepath.Join(i.RunDir, name) }

// Restart starts a daemon that does not run, and waits until it answers.
func (i *Instance) Restart(daemon string) {
	i.t.Helper()
	pid := i.file(daemon + ".pid")
	args := []string{"unix:" + i.Socket}
	if daemon == Database {
		args = []string{i.file("conf.db"), "--remote=punix:" + i.Socket}
	}
	args = append(args, "--no-chdir", "--pidfile="+pid, "--log-file="+i.file(daemon+".log"), "-vconsole:off")
	cmd := i.command(daemon, args...)
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.procs[daemon] = cmd
	Eventually(i.t, daemon+" answers", func() bool {
		data, err := os.ReadFile(pid)
		if err != nil || strings.TrimSpace(string(data)) != fmt.Sprint(cmd.Process.Pid) {
			return false
		}
		ctl := i.file(fmt.Sprintf("%s.%d.ctl", daemon, cmd.Process.Pid))
		return i.command("ovs-appctl", "-t", ctl, "version").Run() == nil
	})
}

// Kill ends a daemon with SIGKILL and waits for its end; one that does not run
// is fine.
func (i *Instance) Kill(daemon string) {
	if cmd := i.procs[daemon]; cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		delete(i.procs, daemon)
	}
}

// Pause stops a daemon without ending it.
func (i *Instance) Pause(daemon string) { _ = i.procs[daemon].Process.Signal(syscall.SIGSTOP) }

// Resume lets a paused daemon go on.
func (i *Instance) Resume(daemon string) { _ = i.procs[daemon].Process.Signal(syscall.SIGCONT) }

// Vsctl runs ovs-vsctl on the instance and returns its trimmed output.
func (i *Instance) Vsctl(args ...string) string {
	i.t.Helper()
	return i.Run("ovs-vsctl", append([]string{"--timeout=20", "--db=unix:" + i.Socket}, args...)...)
}

// Ofctl runs ovs-ofctl with OpenFlow 1.3 on a bridge: command, bridge, rest.
func (i *Instance) Ofctl(command, bridge string, args ...string) string {
	i.t.Helper()
	target := "unix:" + i.file(bridge+".mgmt")
	return i.Run("ovs-ofctl", append([]string{"-O", "OpenFlow13", command, target}, args...)...)
}

// Run runs a program, which must succeed, and returns its trimmed output.
func (i *Instance) Run(name string, args ...string) string {
	i.t.Helper()
	var stderr bytes.Buffer
	cmd := i.command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		i.t.Fatalf("%s %v: %v: %s", name, args, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// command outlives the test's context, since cleanups run commands too.
func (i *Instance) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(i.t.Context()), name, args...)
	cmd.Env = os.Environ()
	for _, key := range []string{"OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR"} {
		cmd.Env = append(cmd.Env, key+"="+i.RunDir)
	}
	return cmd
}

// Eventually waits up to half a minute until ok, and fails the test otherwise.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("still not true after 30 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
