// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func child(t *testing.T) Identity {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Skipf("no sleep program: %v", err)
	}
	id, err := Find(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = id.End(context.Background()) })
	return id
}

func TestEndKillsAndReaps(t *testing.T) {
	id := child(t)
	if !id.Alive() {
		t.Fatal("a running process is not alive")
	}
	if err := id.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Error("alive after its end")
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", id.PID)); !os.IsNotExist(err) {
		t.Errorf("not reaped: %v", err)
	}
	if err := id.End(t.Context()); err != nil {
		t.Errorf("ended twice: %v", err)
	}
	if err := id.Signal(unix.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal to what is gone: %v", err)
	}
	if err := id.Wait(t.Context()); err != nil {
		t.Errorf("wait for what is gone: %v", err)
	}
}

func TestAnotherProcessOfThatNumberIsLeftAlone(t *testing.T) {
	live := child(t)
	for _, change := range []func(*Identity){
		func(id *Identity) { id.Start++ },
		func(id *Identity) { id.Boot = "another" },
	} {
		stale := live
		change(&stale)
		if stale.Alive() {
			t.Error("a stale identity is alive")
		}
		if err := stale.End(t.Context()); err != nil {
			t.Error(err)
		}
		if err := stale.Signal(unix.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("stale signal: %v", err)
		}
	}
	if !live.Alive() {
		t.Error("the wrong process was ended")
	}
}

func TestNobody(t *testing.T) {
	var nobody Identity
	if nobody.Alive() || nobody.End(t.Context()) != nil {
		t.Error("the zero identity is somebody")
	}
}

func TestWaitHeedsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := child(t).Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a process that stays: %v", err)
	}
}

func TestZombieIsNotAlive(t *testing.T) {
	id := child(t)
	if err := id.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := id.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Error("a process that only waits to be reaped is alive")
	}
}

func TestInside(t *testing.T) {
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Inside(self, os.Getpid())
	if err != nil || got != self {
		t.Errorf("myself in my own namespace: %+v, %v, want %+v", got, err, self)
	}
	if _, err := Inside(self, 1<<30); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a number nobody has: %v", err)
	}
	members, err := Members(self)
	if err != nil || len(members) == 0 {
		t.Errorf("members: %v, %v", members, err)
	}
}

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"
	for _, raw := range []string{"17 (sh)" + rest, "17 (a) b (c))" + rest, "17 ()" + rest} {
		s, err := parseStat([]byte(raw))
		if err != nil || s != (stat{pid: 17, state: 'S', start: 4242}) {
			t.Errorf("%q: %+v, %v", raw, s, err)
		}
	}
	for _, raw := range []string{"", "17 (sh) S 1", "x (sh)" + rest, "17 (sh)"} {
		if s, err := parseStat([]byte(raw)); err == nil {
			t.Errorf("%q: %+v", raw, s)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("17 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"))
	f.Add([]byte(")"))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = parseStat(raw) })
}
