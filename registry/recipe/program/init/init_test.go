// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const asInit = "LINKSPAN_TEST_AS_INIT"

func TestMain(m *testing.M) {
	if os.Getenv(asInit) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// world is an init that runs some processes.
type world struct {
	*testing.T
	dir string
	cmd *exec.Cmd
}

func newWorld(t *testing.T, scripts ...string) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir()}
	var all []process
	for i, s := range scripts {
		all = append(all, process{Name: fmt.Sprint("p", i), Command: []string{"/bin/sh", "-c", s}})
	}
	text, err := json.Marshal(map[string]any{"processes": all})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.file("init.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	w.cmd = w.init()
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.cmd.Process.Signal(syscall.SIGTERM); _ = w.cmd.Wait() })
	return w
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) init(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"-f", w.file("init.json"), "-status", w.file("status")}, args...)...)
	cmd.Env, cmd.Dir = append(os.Environ(), asInit+"=1"), w.dir
	cmd.Stderr = os.Stderr
	return cmd
}

// eventually waits until something is so.
func (w *world) eventually(what string, is func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(deadline) {
			w.Fatal("not in a minute: ", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *world) text(name string) string {
	text, _ := os.ReadFile(w.file(name))
	return string(text)
}

func TestInit(t *testing.T) {
	w := newWorld(t, "trap 'echo hup >>a' HUP; trap 'echo a >>order; exit' TERM; echo x >>starts; while :; do sleep 0.05; done", "trap 'echo b >>order; exit' TERM; touch ready; while :; do sleep 0.05; done")
	w.eventually("both run", func() bool { return w.text("starts") == "x\n" && w.init("check").Run() == nil })
	var all []state
	if err := json.Unmarshal([]byte(w.text("status")), &all); err != nil || len(all) != 2 {
		t.Fatal(err, all)
	}
	w.eventually("the second is ready", func() bool { _, err := os.Stat(w.file("ready")); return err == nil })
	if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.eventually("the signal comes", func() bool { return w.text("a") == "hup\n" })
	if err := syscall.Kill(all[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is started again", func() bool { return w.text("starts") == "x\nx\n" })
	w.eventually("all run again", func() bool { return w.init("check").Run() == nil })
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Error("it ends with ", err)
	}
	if order := w.text("order"); !strings.HasPrefix(order, "b\n") || !strings.HasSuffix(order, "a\n") {
		t.Errorf("they are stopped in the order %q", order)
	}
}

// Orphans are reaped: a zombie would stay in the list of processes.
func TestOrphansAreReaped(t *testing.T) {
	w := newWorld(t, "(sh -c 'echo $$ >orphan; sleep 0.2' &) ; exec sleep 1000")
	w.eventually("the orphan is gone", func() bool {
		var pid int
		if _, err := fmt.Sscan(w.text("orphan"), &pid); err != nil {
			return false
		}
		return syscall.Kill(pid, 0) == syscall.ESRCH
	})
}

func TestCheckFails(t *testing.T) {
	w := newWorld(t, "exit 3", "exec sleep 1000")
	w.eventually("it is told", func() bool { return strings.Contains(w.text("status"), `"restarts":`) })
	if err := w.init("check").Run(); err == nil {
		t.Error("all is well with a process that always ends")
	}
}
