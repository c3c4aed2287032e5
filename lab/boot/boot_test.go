// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestRunRefusesForeignNamespaces(t *testing.T) {
	spec := Spec{Name: "h1", Role: RoleHost, Dir: t.TempDir(), Outside: "mnt:[1]"}
	file, err := spec.Write()
	if err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), file); err == nil || !strings.Contains(err.Error(), "linkspan lab up") {
		t.Errorf("run by hand: %v", err)
	}
	if _, err := os.Stat(filepath.Join(spec.Dir, InitFile)); !os.IsNotExist(err) {
		t.Errorf("it announced itself all the same: %v", err)
	}
}

func TestSpecRoundTrip(t *testing.T) {
	want := Spec{Name: "h1", Role: RoleHost, Dir: t.TempDir(), Binary: "/bin/x", Args: []string{"-v"}, RunSwitch: true}
	file, err := want.Write()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadSpec(file)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestNextPause(t *testing.T) {
	var got []time.Duration
	wait := time.Duration(0)
	for _, life := range []time.Duration{0, 0, 0, 0, 0, 0, 0, shortLife, 0} {
		wait = nextPause(wait, life)
		got = append(got, wait/time.Millisecond)
	}
	if diff := cmp.Diff([]time.Duration{100, 200, 400, 800, 1600, 3000, 3000, 0, 100}, got); diff != "" {
		t.Errorf("pauses in ms (-want +got):\n%s", diff)
	}
}

func TestPending(t *testing.T) {
	s := State{Components: []Component{{Name: "a", Ready: true}, {Name: "b"}, {Name: "c", Held: true}}}
	if got := s.Pending(); len(got) != 1 || got[0].Name != "b" {
		t.Errorf("pending: %+v", got)
	}
	if _, ok := s.Component("d"); ok {
		t.Error("found what is not there")
	}
}

func TestStorageDriver(t *testing.T) {
	dir := t.TempDir()
	if got := storageDriver(dir); got != "overlay2" && got != "vfs" {
		t.Errorf("driver %q", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("probe left %v, %v", left, err)
	}
	if got := storageDriver(filepath.Join(dir, "none")); got != "vfs" {
		t.Errorf("without a folder: %q", got)
	}
}

// TestSupervisor runs shell scripts as components: one that fails, one that
// waits for a gate, one that is held and let go.
func TestSupervisor(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := t.TempDir()
	if err := os.Mkdir(filepath.Join(path, LogDir), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	hold(t, path, "held")
	gate := present(dir, "open")
	running := func(name string) component {
		return component{name: name, argv: []string{"sleep", "1000"}, ready: condition{met: func(context.Context, int) bool { return true }}}
	}
	failing, gated := running("failing"), running("gated")
	failing.argv = []string{"sh", "-c", "echo trouble; exit 3"}
	failing.ready.met = func(context.Context, int) bool { return false }
	gated.gate = &gate
	missing := running("missing")
	missing.argv = []string{filepath.Join(path, "no-such-program")}
	s, err := newSupervisor(slog.New(slog.DiscardHandler), dir, []component{failing, gated, running("held"), missing})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	words := make(chan os.Signal)
	var wg sync.WaitGroup
	wg.Go(func() { s.run(ctx, words) })
	defer wg.Wait()
	defer endAll(t, path)
	defer cancel()

	until(t, path, "failing", func(c Component) bool { return c.Starts > 2 && c.LastExit == "exit status 3" })
	until(t, path, "missing", func(c Component) bool { return c.Starts > 1 && strings.Contains(c.LastExit, "no such file") })
	until(t, path, "gated", func(c Component) bool { return c.Waiting != "" && c.Starts == 0 })
	until(t, path, "held", func(c Component) bool { return c.Held && c.Starts == 0 })
	if err := dir.WriteFile("open", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	until(t, path, "gated", func(c Component) bool { return c.Ready && c.Waiting == "" })
	hold(t, path)
	words <- unix.SIGHUP
	up := until(t, path, "held", func(c Component) bool { return c.Ready && !c.Held })
	if err := unix.Kill(up.PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, path, "held", func(c Component) bool { return c.Ready && c.Starts == 2 && c.LastExit == "signal SIGKILL" })
	if out, err := dir.ReadFile("log/failing.log"); err != nil || !strings.Contains(string(out), "trouble") {
		t.Errorf("log %q, %v", out, err)
	}
}

func hold(t *testing.T, path string, names ...string) {
	t.Helper()
	raw, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, HeldFile), raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, path, name string, met func(Component) bool) Component {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s, _, err := ReadState(path)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := s.Component(name)
		if met(c) {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still %+v", name, c)
		}
	}
}

// endAll ends what the supervisor leaves to the end of its namespace.
func endAll(t *testing.T, path string) {
	t.Helper()
	s, _, err := ReadState(path)
	if err != nil {
		t.Error(err)
	}
	for _, c := range s.Components {
		if c.PID > 0 {
			_ = unix.Kill(c.PID, unix.SIGKILL)
			_, _ = unix.Wait4(c.PID, nil, 0, nil)
		}
	}
}
