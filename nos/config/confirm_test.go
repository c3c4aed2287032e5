// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// run runs a manager until the returned function is called.
func run(t *testing.T, m *Manager) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsNotConfirmedReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &fakeHost{}
		m := open(t, base(t), newDisk(), host)
		stop := run(t, m)
		defer stop()
		commit(t, m, "set vlans 10", Commit{})
		commit(t, m, "delete vlans 10", Commit{Confirm: 10 * time.Minute})
		time.Sleep(10*time.Minute - time.Second)
		synctest.Wait()
		if host.text() != "" || m.Number() != 2 {
			t.Fatalf("it returned too early: %q", host.text())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		h := m.History()
		if host.text() != "set vlans 10\n" || text(m) != host.text() || h[0].Number != 3 || h[0].Author != (Author{"ann", "return"}) || h[0].Of != 1 {
			t.Errorf("host %q, running %q, %+v", host.text(), text(m), h[0])
		}
		if _, ok := m.Pending(); ok {
			t.Error("something is still to be confirmed")
		}
	})
}

// TestCommitsAreTold hears of all that comes to run, also of what returns by itself
// and at a start, and of nothing else.
func TestCommitsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		disk, host := newDisk(), &fakeHost{}
		tell := func(o *Options) {
			o.Committed = func(r Revision, before, now *tree.Tree) {
				told = append(told, fmt.Sprintf("%d %s: %v", r.Number, r.Author, tree.Diff(before, now)))
			}
		}
		m := open(t, base(t), disk, host, tell)
		stop := run(t, m)
		commit(t, m, "set vlans 10", Commit{})
		host.refuse(errFull)
		if err := tryCommit(t, m, "set vlans 11", 0); err == nil {
			t.Fatal("it is committed")
		}
		host.refuse(nil)
		commit(t, m, "set vlans 12", Commit{Confirm: time.Minute})
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		commit(t, m, "set vlans 13", Commit{Confirm: time.Minute})
		stop()
		next := open(t, base(t), disk, host, tell, func(o *Options) { o.BootID = "two" })
		if err := next.Boot(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"1 ann by shell: [{false [vlans 10] false}]", "2 ann by shell: [{false [vlans 12] false}]", "3 ann by return: [{true [vlans 12] false}]",
			"4 ann by shell: [{false [vlans 13] false}]", "5 ann by boot: [{true [vlans 13] false}]",
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsConfirmedStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &fakeHost{}
		m := open(t, base(t), newDisk(), host)
		defer run(t, m)()
		commit(t, m, "set vlans 10", Commit{Confirm: time.Minute})
		if err := m.Confirm(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := m.Confirm(t.Context()); linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("confirming twice: %v", err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if host.text() != "set vlans 10\n" || m.Number() != 1 {
			t.Errorf("host %q, revision %d", host.text(), m.Number())
		}
		commit(t, m, "set vlans 20", Commit{Confirm: time.Minute})
		if r, err := m.Return(t.Context(), bob); err != nil || r.Of != 1 || host.text() != "set vlans 10\n" {
			t.Errorf("return: %+v, %v", r, err)
		}
		if _, err := m.Return(t.Context(), bob); linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("returning twice: %v", err)
		}
	})
}

func TestAReturnIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &fakeHost{}
		m := open(t, base(t), newDisk(), host)
		defer run(t, m)()
		commit(t, m, "set vlans 10", Commit{Confirm: time.Minute})
		host.refuse(errors.New("not now"))
		time.Sleep(time.Minute + returnRetry/2)
		synctest.Wait()
		host.refuse(nil)
		if host.text() == "" {
			t.Fatal("it returned though it could not")
		}
		time.Sleep(returnRetry)
		synctest.Wait()
		if host.text() != "" || m.Number() != 2 {
			t.Errorf("host %q, revision %d", host.text(), m.Number())
		}
	})
}

// A time to confirm goes on through a restart of the process, and ends with one of the
// machine.
func TestConfirmOutlastsTheProcess(t *testing.T) {
	for _, c := range []struct {
		name    string
		boot    string
		away    time.Duration
		returns time.Duration // after the start; 0: at once
	}{
		{"the process", "one", 4 * time.Minute, 6 * time.Minute},
		{"the process, for long", "one", time.Hour, 0},
		{"the machine", "two", time.Second, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk, host := newDisk(), &fakeHost{}
				m := open(t, base(t), disk, host)
				commit(t, m, "set vlans 10", Commit{})
				commit(t, m, "set vlans 20", Commit{Confirm: 10 * time.Minute})
				time.Sleep(c.away)
				host = &fakeHost{is: "unknown"}
				m = open(t, base(t), disk.after(0), host, func(o *Options) { o.BootID = c.boot })
				if err := m.Boot(t.Context()); err != nil {
					t.Fatal(err)
				}
				if c.returns > 0 {
					defer run(t, m)()
					if host.text() != "set vlans 10\nset vlans 20\n" {
						t.Errorf("it does not go on: %q", host.text())
					}
					time.Sleep(c.returns - time.Second)
					synctest.Wait()
					if m.Number() != 2 {
						t.Error("it returned too early")
					}
					time.Sleep(2 * time.Second)
					synctest.Wait()
				}
				if host.text() != "set vlans 10\n" || text(m) != host.text() || m.Number() != 3 {
					t.Errorf("host %q, running %q, revision %d", host.text(), text(m), m.Number())
				}
			})
		})
	}
}
