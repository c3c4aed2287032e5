// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

const oldText, newText = "set vlans 10\n", "set vlans 10\nset vlans 20\n"

// story makes a disk with one revision, and returns what is then done to it.
var stories = map[string]struct {
	before func(*testing.T, *Manager)
	do     func(*testing.T, *Manager) error
	old    string
	new    string
}{
	"the first commit": {
		func(*testing.T, *Manager) {},
		func(t *testing.T, m *Manager) error { return tryCommit(t, m, "set vlans 10", 0) }, "", oldText,
	},
	"a commit": {
		func(t *testing.T, m *Manager) { commit(t, m, "set vlans 10", Commit{}) },
		func(t *testing.T, m *Manager) error { return tryCommit(t, m, "set vlans 20", 0) }, oldText, newText,
	},
	"a commit that lets old ones go": {
		func(t *testing.T, m *Manager) {
			commit(t, m, "set vlans 30", Commit{})
			commit(t, m, "delete vlans 30\nset vlans 40", Commit{})
			commit(t, m, "delete vlans 40\nset vlans 10", Commit{})
		},
		func(t *testing.T, m *Manager) error { return tryCommit(t, m, "set vlans 20", 0) }, oldText, newText,
	},
	"a commit to be confirmed": { // the machine starts anew: it returns
		func(t *testing.T, m *Manager) { commit(t, m, "set vlans 10", Commit{}) },
		func(t *testing.T, m *Manager) error { return tryCommit(t, m, "set vlans 20", time.Hour) }, oldText, oldText,
	},
	"confirming": {
		func(t *testing.T, m *Manager) {
			commit(t, m, "set vlans 10", Commit{})
			commit(t, m, "set vlans 20", Commit{Confirm: time.Hour})
		},
		func(t *testing.T, m *Manager) error { return m.Confirm(t.Context()) }, oldText, newText,
	},
	"returning": {
		func(t *testing.T, m *Manager) {
			commit(t, m, "set vlans 10", Commit{})
			commit(t, m, "set vlans 20", Commit{Confirm: time.Hour})
		},
		func(t *testing.T, m *Manager) error { _, err := m.Return(t.Context(), ann); return err }, oldText, oldText,
	},
}

func tryCommit(t *testing.T, m *Manager, commands string, confirm time.Duration) error {
	s := m.Edit(ann)
	defer s.Close()
	edit(t, s, commands)
	_, err := s.Commit(t.Context(), Commit{Confirm: confirm})
	return err
}

// At whatever operation of the disk the power is lost, and whatever of what was not
// synced outlasts it, the next start has the old or the new configuration, all of it;
// what was answered with success is there, and the next commit works.
func TestPowerLoss(t *testing.T) {
	s := base(t)
	keep := func(o *Options) { o.Keep = 3 }
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			for at := 0; ; at++ {
				disk := newDisk()
				m := open(t, s, disk, &fakeHost{}, keep)
				story.before(t, m)
				disk.left, disk.fails = at, errPower
				err := story.do(t, m)
				for n := range len(disk.undone) + 1 {
					afterPowerLoss(t, s, disk.after(n), err == nil, story.old, story.new)
				}
				if err == nil && disk.left > 0 {
					return
				}
				if at > 100 {
					t.Fatal("it never ends")
				}
			}
		})
	}
}

func afterPowerLoss(t *testing.T, s *schema.Schema, disk *fakeDisk, done bool, old, new string) {
	t.Helper()
	host := &fakeHost{}
	m := open(t, s, disk, host, func(o *Options) { o.BootID = "two" })
	if err := errors.Join(m.Fault(), m.Boot(t.Context())); err != nil {
		t.Fatal(err)
	}
	got := text(m)
	if got != old && got != new || done && got != new || host.text() != got {
		t.Fatalf("running %q, host %q; old %q, new %q; done %v", got, host.text(), old, new, done)
	}
	for name := range disk.names {
		if strings.HasSuffix(name, newSuffix) {
			t.Fatalf("%s is left over", name)
		}
	}
	commit(t, m, "set vlans 99", Commit{})
	if again := open(t, s, disk.after(0), host); text(again) != text(m) || again.Fault() != nil {
		t.Fatalf("after the next commit: %q, %v", text(again), again.Fault())
	}
}

// An operation of the disk that fails once fails the commit or does not matter; memory,
// host and disk then agree.
func TestADiskThatFails(t *testing.T) {
	s := base(t)
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			for at := 0; ; at++ {
				disk, host := newDisk(), &fakeHost{}
				m := open(t, s, disk, host)
				story.before(t, m)
				was := text(m)
				disk.left, disk.fails = at, errFull
				err := story.do(t, m)
				if err != nil && (!errors.Is(err, errFull) || text(m) != was) {
					t.Fatalf("running %q, %v", text(m), err)
				}
				if host.text() != text(m) || m.Fault() != nil {
					t.Fatalf("host %q, running %q, %v", host.text(), text(m), m.Fault())
				}
				happened := disk.left == -1
				disk.fails, disk.left = nil, -1
				if again := open(t, s, disk, host); text(again) != text(m) || again.Fault() != nil || again.Number() != m.Number() {
					t.Fatalf("operation %d: on disk %q of %d, running %q of %d; %v", at, text(again), again.Number(), text(m), m.Number(), err)
				}
				if !happened {
					return
				}
			}
		})
	}
}

// A current revision that cannot be read is told, and the newest before it runs; with none,
// the host is left alone.
func TestDamage(t *testing.T) {
	s := base(t)
	for name, damage := range map[string]func(*fakeDisk){
		"changed":    func(d *fakeDisk) { d.names[revisionFile(2)].data[100] ^= 1 },
		"cut":        func(d *fakeDisk) { f := d.names[revisionFile(2)]; f.data = f.data[:len(f.data)-3] },
		"empty":      func(d *fakeDisk) { d.names[revisionFile(2)].data = nil },
		"gone":       func(d *fakeDisk) { delete(d.names, revisionFile(2)) },
		"another":    func(d *fakeDisk) { d.names[revisionFile(2)] = d.names[revisionFile(1)] },
		"no current": func(d *fakeDisk) { d.names[currentFile].data = []byte("{") },
	} {
		t.Run(name, func(t *testing.T) {
			disk, host := newDisk(), &fakeHost{}
			m := open(t, s, disk, host)
			commit(t, m, "set vlans 10", Commit{})
			commit(t, m, "set vlans 20", Commit{})
			damage(disk)
			m = open(t, s, disk, host)
			want := oldText
			if name == "no current" {
				want = newText
			}
			if m.Fault() == nil || m.Boot(t.Context()) != nil || text(m) != want || host.text() != want {
				t.Errorf("fault %v, running %q, host %q", m.Fault(), text(m), host.text())
			}
			if r := commit(t, m, "set vlans 30", Commit{}); r.Number != 3 {
				t.Errorf("the next one is %d", r.Number)
			}
		})
	}
	disk, host := newDisk(), &fakeHost{}
	commit(t, open(t, s, disk, host), "set vlans 10", Commit{})
	disk.names[revisionFile(1)].data = nil
	host.is = "as it is"
	m := open(t, s, disk, host)
	if m.Fault() == nil || m.Boot(t.Context()) != nil || host.text() != "as it is" {
		t.Errorf("fault %v, host %q", m.Fault(), host.text())
	}
}

// The host is told at a start what to be; what it cannot be does not keep it from starting.
func TestBoot(t *testing.T) {
	s, disk, host := base(t), newDisk(), &fakeHost{is: "from the factory"}
	m := open(t, s, disk, host)
	if err := m.Boot(t.Context()); err != nil || host.text() != "from the factory" {
		t.Fatalf("%v, %q", err, host.text())
	}
	commit(t, m, "set vlans 10", Commit{})
	host = &fakeHost{failRead: errors.New("no such device")}
	m = open(t, s, disk, host)
	if err := m.Boot(t.Context()); !errors.Is(err, host.failRead) || m.Fault() == nil || text(m) != oldText || host.text() != oldText {
		t.Errorf("%v, fault %v, running %q", err, m.Fault(), text(m))
	}
	host.failRead, host.is = nil, "by hand"
	if err := m.Reapply(t.Context()); err != nil || m.Fault() != nil || host.text() != oldText {
		t.Errorf("%v, fault %v, host %q", err, m.Fault(), host.text())
	}
}

// On a real disk: only the owner can read, and what was committed is there again.
// A start that cannot write down that it goes back to what was confirmed goes back all the
// same, and writes it down when it can.
func TestReturnOnAFullDisk(t *testing.T) {
	for at := range 6 {
		t.Run(fmt.Sprint("operation ", at), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, host := newDisk(), &fakeHost{}
				m := open(t, base(t), disk, host)
				commit(t, m, "set vlans 10", Commit{})
				commit(t, m, "set vlans 20", Commit{Confirm: time.Hour})
				host = &fakeHost{is: "unknown"}
				disk = disk.after(0)
				m = open(t, base(t), disk, host, func(o *Options) { o.BootID = "two" })
				disk.left, disk.fails = at, errFull
				if err := m.Boot(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := m.Reapply(t.Context()); err != nil {
					t.Fatal(err)
				}
				if host.text() != "set vlans 10\n" || text(m) != host.text() {
					t.Fatalf("host %q, running %q", host.text(), text(m))
				}
				if p, ok := m.Pending(); ok {
					if m.Fault() == nil {
						t.Errorf("%+v, and no fault", p)
					}
					if err := m.Confirm(t.Context()); linkspan.CodeOf(err) != linkspan.NotFound {
						t.Errorf("what does not run is confirmed: %v", err)
					}
				}
				defer run(t, m)()
				time.Sleep(2 * returnRetry)
				synctest.Wait()
				if m.Fault() != nil || m.Number() != 3 || host.text() != "set vlans 10\n" {
					t.Errorf("revision %d, host %q, %v", m.Number(), host.text(), m.Fault())
				}
				if again := open(t, base(t), disk.after(0), &fakeHost{}); text(again) != "set vlans 10\n" || again.Number() != 3 {
					t.Errorf("after the next start %q, revision %d", text(again), again.Number())
				}
			})
		})
	}
}

// A start goes back to an older revision when the one to return to cannot be read.
func TestReturnToWhatCanBeRead(t *testing.T) {
	disk, host := newDisk(), &fakeHost{}
	m := open(t, base(t), disk, host)
	commit(t, m, "set vlans 10", Commit{})
	commit(t, m, "set vlans 11", Commit{})
	commit(t, m, "set vlans 20", Commit{Confirm: time.Hour})
	disk = disk.after(0)
	disk.names[revisionFile(2)].data = []byte("x")
	m = open(t, base(t), disk, host, func(o *Options) { o.BootID = "two" })
	if err := m.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if host.text() != "set vlans 10\n" || text(m) != host.text() || m.History()[0].Of != 1 {
		t.Errorf("host %q, running %q, %+v", host.text(), text(m), m.History()[0])
	}
}

// stalled is a disk that hangs at each write until it is let go.
type stalled struct {
	*fakeDisk
	hangs, goOn chan struct{}
}

func (d stalled) Sync() error {
	d.hangs <- struct{}{}
	<-d.goOn
	return d.fakeDisk.Sync()
}

// A disk that hangs holds up whoever changes something, and nobody else.
func TestADiskThatHangs(t *testing.T) {
	disk := stalled{newDisk(), make(chan struct{}), make(chan struct{})}
	m := open(t, base(t), disk, &fakeHost{})
	done := make(chan error, 1)
	go func() {
		s := m.Edit(ann)
		defer s.Close()
		err := s.Merge(tree.Commands, []byte("set vlans 10"))
		if err == nil {
			_, err = s.Commit(t.Context(), Commit{Confirm: time.Hour})
		}
		if err == nil {
			err = m.Confirm(t.Context())
		}
		done <- err
	}()
	late := time.After(time.Minute)
	for times := 0; ; times++ {
		select {
		case err := <-done:
			if err != nil || times != 3 || m.Number() != 1 {
				t.Errorf("after %d writes revision %d runs: %v", times, m.Number(), err)
			}
			return
		case <-disk.hangs:
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			m.Running()
			m.Pending()
			m.Sessions()
		}()
		select {
		case <-answered:
		case <-late:
			t.Fatal("who only looks waits for the disk")
		}
		disk.goOn <- struct{}{}
	}
}

// Without the file that says which revision is current none is removed.
func TestWithoutCurrent(t *testing.T) {
	disk := newDisk()
	m := open(t, base(t), disk, &fakeHost{})
	for id := range 3 {
		commit(t, m, fmt.Sprint("set vlans ", id+1), Commit{})
	}
	delete(disk.names, currentFile)
	files := len(disk.names)
	m = open(t, base(t), disk, &fakeHost{})
	if len(disk.names) != files || len(m.History()) != 3 || m.Number() != 3 || m.Fault() == nil {
		t.Errorf("%d files of %d, revision %d, %v", len(disk.names), files, m.Number(), m.Fault())
	}
	commit(t, m, "set vlans 4", Commit{})
	if m = open(t, base(t), disk, &fakeHost{}); m.Number() != 4 || m.Fault() != nil {
		t.Errorf("after a commit: revision %d, %v", m.Number(), m.Fault())
	}
}

func TestDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	disk, err := OpenDirectory(path)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	s := base(t)
	m := open(t, s, disk, &fakeHost{}, func(o *Options) { o.Keep = 2 })
	for _, command := range []string{"set vlans 10", "set vlans 20", "set vlans 30"} {
		commit(t, m, command, Commit{Comment: "one"})
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	again := open(t, s, disk, &fakeHost{})
	if text(again) != text(m) || again.Number() != 3 || again.Fault() != nil {
		t.Errorf("%q, %v", text(again), again.Fault())
	}
	if _, old, err := again.Revision(2); err != nil || string(old.Text(tree.Commands, tree.Show)) != newText {
		t.Errorf("revision 2: %v", err)
	}
}

// Whatever is in a revision's file, it is read whole or refused.
func FuzzRevision(f *testing.F) {
	good, err := Revision{Number: 1, Author: ann, Comment: "c"}.encode([]byte(oldText))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, commands, err := decodeRevision(file)
		if err != nil {
			return
		}
		again, err := r.encode(commands)
		if err != nil {
			t.Fatal(err)
		}
		if r2, c2, err := decodeRevision(again); err != nil || !r2.Time.Equal(r.Time) || string(c2) != string(commands) {
			t.Fatalf("%+v, %q, %v", r2, c2, err)
		}
	})
}
