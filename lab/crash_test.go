// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab/boot"
)

const patience = time.Minute

// eventually waits for a condition.
func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !met() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

func down(t *testing.T, l *Lab) {
	t.Helper()
	if err := l.Down(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestDownLeavesNothing(t *testing.T) {
	missing := absent()
	l := bare(t, filepath.Join(t.TempDir(), "made", "labs"), "clean", 2)
	run(t, l, "h1", "docker", "run", "-d", "--restart", "always", "--network", "none", "busybox", "sleep", "1000")
	run(t, l, "h2", "ovs-vsctl", "add-br", "br-test", "--", "set", "bridge", "br-test", "datapath_type=netdev")
	seen := trace(t, l.Dir(), missing)
	if len(seen.members) < 10 || len(seen.spaces) != 15 {
		t.Fatalf("a lab of two hosts has %d processes, %d namespaces", len(seen.members), len(seen.spaces))
	}
	down(t, l)
	seen.gone(t)
	if _, err := os.Stat(filepath.Dir(filepath.Dir(l.Dir()))); !os.IsNotExist(err) {
		t.Errorf("the folder of labs, made by the first, stays after the last: %v", err)
	}
	down(t, l)
}

// TestDownAfterCrash kills first processes and programs in every mixture.
func TestDownAfterCrash(t *testing.T) {
	missing := absent()
	l := bare(t, t.TempDir(), "crash", 2)
	run(t, l, "h1", "docker", "run", "-d", "--network", "none", "busybox", "sleep", "1000")
	run(t, l, "h2", "docker", "run", "-d", "--network", "none", "busybox", "sleep", "1000")
	seen := trace(t, l.Dir(), missing)
	for _, id := range []string{"fabric", "h1"} {
		if err := readInit(l.node(id)).Signal(unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Kill("h2", boot.Dockerd, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "fabric and h1 are off", func() bool {
		return !readInit(l.node("fabric")).Alive() && !readInit(l.node("h1")).Alive()
	})
	again, err := Open(filepath.Dir(l.Dir()), l.Name())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := again.Status(t.Context()); err != nil || s.Up {
		t.Errorf("a lab without its fabric is up: %+v, %v", s, err)
	}
	down(t, again)
	seen.gone(t)
}

func TestUpOverHalfDeadLab(t *testing.T) {
	state := t.TempDir()
	l := bare(t, state, "half", 1)
	seen := trace(t, l.Dir(), nil)
	if err := readInit(l.node("fabric")).End(t.Context()); err != nil {
		t.Fatal(err)
	}
	l = bare(t, state, "half", 1)
	for _, id := range seen.members {
		if id.Alive() {
			t.Errorf("process %d of the old lab is left", id.PID)
		}
	}
	run(t, l, "h1", "docker", "version")
}

// TestUpKilled kills Up itself as soon as each of the files appears.
func TestUpKilled(t *testing.T) {
	for _, file := range []string{
		".", recordFile, "fabric/" + boot.SpecFile, "fabric/" + boot.InitFile, "h1/" + boot.SpecFile,
		"h1/" + boot.InitFile, "h2/" + boot.InitFile, "h1/" + boot.StateFile, "h1/log/dockerd.log",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) { killUpAt(t, file) })
	}
}

func killUpAt(t *testing.T, file string) {
	if lacks := Preflight(); len(lacks) > 0 {
		t.Skipf("this machine lacks what a lab needs: %v", lacks)
	}
	missing, state := absent(), t.TempDir()
	cmd := exec.Command(os.Args[0], "lab-up", state)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(state, "killed")
	eventually(t, file, func() bool {
		_, err := os.Stat(filepath.Join(dir, file))
		return err == nil
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("up was not killed")
	}
	l, err := Open(state, "killed")
	if err != nil {
		t.Fatal(err)
	}
	seen := trace(t, dir, missing)
	down(t, l)
	seen.gone(t)
	eventually(t, "nobody holds "+dir, func() bool { return len(holders(t, dir)) == 0 })
}

// holders returns the first processes of nodes that were started for the lab in
// dir, recorded or not, by the argument that names their folder.
func holders(t *testing.T, dir string) []string {
	t.Helper()
	lists, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, list := range lists {
		if raw, err := os.ReadFile(list); err == nil && containsArg(raw, dir) {
			found = append(found, list)
		}
	}
	return found
}

// containsArg reports whether one of the arguments lies in dir.
func containsArg(cmdline []byte, dir string) bool {
	for arg := range bytes.SplitSeq(cmdline, []byte{0}) {
		if bytes.HasPrefix(arg, []byte(dir+"/")) {
			return true
		}
	}
	return false
}

func TestUpCancelled(t *testing.T) {
	missing, state := absent(), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if lacks := Preflight(); len(lacks) > 0 {
		t.Skipf("this machine lacks what a lab needs: %v", lacks)
	}
	seen := &traces{dir: filepath.Join(state, "cancelled"), missing: missing}
	_, err := Up(ctx, Config{
		StateDir: state, Name: "cancelled", Hosts: 2, Bare: true,
		Progress: func(string) { cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	seen.gone(t)
}

func TestTwoLabs(t *testing.T) {
	if lacks := Preflight(); len(lacks) > 0 {
		t.Skipf("this machine lacks what a lab needs: %v", lacks)
	}
	missing, state := absent(), t.TempDir()
	var labs [2]*Lab
	var building errgroup.Group
	for i, name := range []string{"one", "other"} {
		building.Go(func() (err error) {
			labs[i], err = Up(t.Context(), Config{StateDir: state, Name: name, Hosts: 1, Bare: true})
			return err
		})
	}
	err := building.Wait()
	for _, l := range labs {
		if l != nil {
			t.Cleanup(func() { down(t, l) })
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, labs[0], "h1", "docker", "run", "-d", "--name", "same", "--network", "none", "busybox", "sleep", "1000")
	run(t, labs[1], "h1", "docker", "run", "-d", "--name", "same", "--network", "none", "busybox", "sleep", "1000")
	first, second := trace(t, labs[0].Dir(), nil), trace(t, labs[1].Dir(), missing)
	down(t, labs[0])
	first.gone(t)
	if got := run(t, labs[1], "h1", "docker", "ps", "-q", "--filter", "name=same"); got == "" {
		t.Error("one lab's end took the other one's container")
	}
	if err := labs[1].Reboot(t.Context(), "h1"); err != nil {
		t.Error(err)
	}
	down(t, labs[1])
	second.gone(t)
}
