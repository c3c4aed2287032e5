// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

func TestCommit(t *testing.T) {
	host := &fakeHost{}
	m := open(t, base(t), newDisk(), host)
	s := m.Edit(ann)
	edit(t, s, "set system hostname edge1\nset vlans 10")
	if got := m.Sessions(); len(got) != 1 || got[0].Changes != 2 || got[0].Author != ann || got[0].Edited.IsZero() {
		t.Errorf("sessions: %+v", got)
	}
	if !strings.Contains(s.Compare(tree.Hide), "+   hostname: edge1") {
		t.Errorf("compare:\n%s", s.Compare(tree.Hide))
	}
	if steps, err := s.Check(t.Context()); err != nil || len(steps) != 2 || host.applied != 0 {
		t.Errorf("check: %v, %v", steps, err)
	}
	r, err := s.Commit(t.Context(), Commit{Comment: "why"})
	if err != nil || r.Number != 1 || r.Comment != "why" || r.Author != ann || host.text() != "set system hostname edge1\nset vlans 10\n" {
		t.Fatalf("%+v, %v; the host has %q", r, err, host.text())
	}
	if again, err := s.Commit(t.Context(), Commit{}); err != nil || again != r || host.applied != 1 {
		t.Errorf("a commit of nothing: %+v, %v", again, err)
	}
	edit(t, s, "delete vlans")
	s.Discard()
	if s.Compare(tree.Hide) != "" {
		t.Error("what was discarded is still there")
	}
	edit(t, s, "delete vlans 10")
	if _, err := s.Commit(t.Context(), Commit{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Rollback(1); err != nil {
		t.Fatal(err)
	}
	r, err = s.Commit(t.Context(), Commit{})
	if err != nil || r.Number != 3 || r.Of != 1 || text(m) != "set system hostname edge1\nset vlans 10\n" {
		t.Errorf("rollback: %+v, %v, %q", r, err, text(m))
	}
	if h := m.History(); len(h) != 3 || h[0].Number != 3 || h[2].Comment != "why" {
		t.Errorf("history: %+v", h)
	}
	if err := s.Rollback(9); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("rollback to what is not there: %v", err)
	}
	s.Close()
	if err := s.Merge(tree.Commands, []byte("set vlans 1")); linkspan.CodeOf(err) != linkspan.NotFound || len(m.Sessions()) != 0 {
		t.Errorf("a session that has ended: %v", err)
	}
}

func TestWhatIsWrongIsNotCommitted(t *testing.T) {
	host := &fakeHost{}
	m := open(t, base(t), newDisk(), host)
	s := m.Edit(ann)
	edit(t, s, "set ports eth1 vlan 10")
	var problems tree.Problems
	if _, err := s.Commit(t.Context(), Commit{}); !errors.As(err, &problems) || linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
	if _, err := s.Check(t.Context()); !errors.As(err, &problems) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Commit(t.Context(), Commit{Comment: strings.Repeat("a", MaxComment+1)}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("a long comment: %v", err)
	}
	if m.Number() != 0 || host.applied != 0 || text(m) != "" {
		t.Error("something was done")
	}
}

// A failure at any step leaves host, disk and memory as they were.
func TestAFailureUndoes(t *testing.T) {
	wrong := errors.New("wrong")
	for name, fail := range map[string]func(*fakeHost){
		"plan":  func(h *fakeHost) { h.failPlan = wrong },
		"apply": func(h *fakeHost) { h.failApply = wrong },
		"read":  func(h *fakeHost) { h.failRead = wrong },
	} {
		t.Run(name, func(t *testing.T) {
			host, disk := &fakeHost{}, newDisk()
			m := open(t, base(t), disk, host)
			commit(t, m, "set vlans 10", Commit{})
			was := host.text()
			fail(host)
			s := m.Edit(bob)
			edit(t, s, "set vlans 20")
			if _, err := s.Commit(t.Context(), Commit{}); !errors.Is(err, wrong) {
				t.Errorf("got %v", err)
			}
			if host.text() != was || text(m) != was || m.Number() != 1 || len(disk.names) != 2 || m.Fault() != nil {
				t.Errorf("host %q, running %q, files %v, %v", host.text(), text(m), disk.names, m.Fault())
			}
			if s.Compare(tree.Hide) == "" {
				t.Error("the candidate is lost")
			}
		})
	}
}

func TestAnUndoThatFailsIsTold(t *testing.T) {
	host := &fakeHost{}
	m := open(t, base(t), newDisk(), host)
	host.failRead, host.failUndo = errors.New("read"), errors.New("undo")
	s := m.Edit(ann)
	edit(t, s, "set vlans 10")
	_, err := s.Commit(t.Context(), Commit{})
	if linkspan.CodeOf(err) != linkspan.Internal || !errors.Is(err, host.failRead) || !errors.Is(err, host.failUndo) || m.Fault() == nil {
		t.Errorf("got %v, fault %v", err, m.Fault())
	}
	if d, err := m.Drift(t.Context()); err != nil || len(d) == 0 {
		t.Errorf("drift: %v, %v", d, err)
	}
}

// halfHost is a host that neither does what it should nor gets back.
type halfHost struct{ quietHost }

func (h halfHost) Plan(context.Context, *tree.Tree, *tree.Tree) (Plan, error) { return h, nil }

func (halfHost) Apply(context.Context) error {
	return fmt.Errorf("bridge: %w", Undone(errors.New("no room"), errFull))
}

func TestAnApplyThatDoesNotGetBackIsTold(t *testing.T) {
	m := open(t, base(t), newDisk(), halfHost{})
	s := m.Edit(ann)
	edit(t, s, "set vlans 10")
	_, err := s.Commit(t.Context(), Commit{})
	if linkspan.CodeOf(err) != linkspan.Internal || !errors.Is(err, errFull) || !strings.Contains(err.Error(), "no room") || !errors.Is(m.Fault(), errFull) {
		t.Errorf("got %v, fault %v", err, m.Fault())
	}
	if text(m) != "" || m.Number() != 0 {
		t.Errorf("revision %d runs: %q", m.Number(), text(m))
	}
}

func TestTwoEditors(t *testing.T) {
	m := open(t, base(t), newDisk(), &fakeHost{})
	commit(t, m, "set vlans 10 description old\nset vlans 20\nset ports eth1 vlan 20", Commit{})
	for _, c := range []struct {
		name, mine, theirs string
		want               linkspan.Code // Internal: it goes
		is                 string
	}{
		{"apart", "set vlans 11", "set vlans 12", linkspan.Internal, "set vlans 11\nset vlans 12"},
		{"one entry", "set vlans 10 description x", "set vlans 10 interface address 10.0.0.1/8", linkspan.Internal, "set vlans 10 description x\nset vlans 10 interface address 10.0.0.1/8"},
		{"the same", "set vlans 10 description same", "set vlans 10 description same", linkspan.Internal, "description same"},
		{"the same deleted", "delete vlans 10 description", "delete vlans 10 description", linkspan.Internal, "set vlans 10\n"},
		{"one leaf", "set vlans 10 description x", "set vlans 10 description y", linkspan.Conflict, ""},
		{"below what they delete", "set vlans 10 description x", "delete vlans 10", linkspan.Conflict, ""},
		{"above what they set", "delete vlans 10", "set vlans 10 description x", linkspan.Conflict, ""},
		{"values", "set system ntp server a", "set system ntp server b", linkspan.Internal, "set system ntp server a\nset system ntp server b"},
		{"values in order", "set system dns server 192.0.2.1", "set system dns server 192.0.2.2", linkspan.Conflict, ""},
		{"what they make wrong", "delete ports\ndelete vlans 20", "set ports eth2 vlan 20", linkspan.Conflict, ""},
		{"what both make wrong", "set vlans 30\nset ports eth3 vlan 30\ndelete vlans 10", "set ports eth2 vlan 10", linkspan.Invalid, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := open(t, base(t), newDisk(), &fakeHost{})
			commit(t, m, "set vlans 10 description old\nset vlans 20\nset ports eth1 vlan 20", Commit{})
			mine, theirs := m.Edit(ann), m.Edit(bob)
			edit(t, mine, c.mine)
			edit(t, theirs, c.theirs)
			if _, err := theirs.Commit(t.Context(), Commit{}); err != nil {
				t.Fatal(err)
			}
			_, err := mine.Commit(t.Context(), Commit{})
			if c.want == linkspan.Internal && err != nil || c.want != linkspan.Internal && linkspan.CodeOf(err) != c.want {
				t.Fatalf("got %v", err)
			}
			if err == nil && !strings.Contains(text(m), c.is) {
				t.Errorf("got\n%s", text(m))
			}
		})
	}
}

// Committers at once all succeed or are told why, and what succeeded is there.
func TestCommittersAtOnce(t *testing.T) {
	host := &fakeHost{}
	m := open(t, base(t), newDisk(), host)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := m.Edit(Author{fmt.Sprint("user", i), "api"})
			defer s.Close()
			if err := s.Merge(tree.Commands, fmt.Appendf(nil, "set vlans %d description x", i+1)); err != nil {
				t.Error(err)
			}
			if _, err := s.Commit(t.Context(), Commit{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if m.Running().Root().Child("vlans").Len() != 20 || host.text() != text(m) || m.Number() != 20 {
		t.Errorf("revision %d:\n%s", m.Number(), text(m))
	}
}

func TestLock(t *testing.T) {
	m := open(t, base(t), newDisk(), &fakeHost{})
	a, b := m.Edit(ann), m.Edit(bob)
	edit(t, b, "set vlans 10")
	if err := a.Lock(); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "bob by api has changes") {
		t.Errorf("a lock over changes: %v", err)
	}
	b.Discard()
	if err := a.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := b.Merge(tree.Commands, []byte("set vlans 10")); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "ann by shell has locked") {
		t.Errorf("an edit against a lock: %v", err)
	}
	if _, err := b.Commit(t.Context(), Commit{}); linkspan.CodeOf(err) != linkspan.Conflict || b.Lock() == nil {
		t.Errorf("a commit against a lock: %v", err)
	}
	edit(t, a, "set vlans 10")
	a.Close()
	edit(t, b, "set vlans 10")
	b.Unlock()
}

func TestOldRevisionsGo(t *testing.T) {
	disk := newDisk()
	m := open(t, base(t), disk, &fakeHost{}, func(o *Options) { o.Keep = 3 })
	for i := range 10 {
		commit(t, m, fmt.Sprintf("set vlans %d", i+1), Commit{})
	}
	if h := m.History(); len(h) != 3 || h[0].Number != 10 || len(disk.names) != 4 {
		t.Errorf("history %+v, %d files", h, len(disk.names))
	}
	commit(t, m, "set vlans 11", Commit{Confirm: time.Minute})
	if p, ok := m.Pending(); !ok || p.Returns != 10 {
		t.Errorf("pending %+v", p)
	}
	s := m.Edit(bob)
	edit(t, s, "set vlans 12")
	if _, err := s.Commit(t.Context(), Commit{}); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "revision 11 of ann by shell is to be confirmed") {
		t.Errorf("a commit on what is to be confirmed: %v", err)
	}
}

// What a session edits while its commit is applied stays, and is of the next commit.
func TestEditingDuringACommit(t *testing.T) {
	host := &fakeHost{}
	m := open(t, base(t), newDisk(), host)
	s := m.Edit(ann)
	edit(t, s, "set vlans 10 description one")
	host.applying = func() { edit(t, s, "set vlans 10 description two") }
	if _, err := s.Commit(t.Context(), Commit{}); err != nil {
		t.Fatal(err)
	}
	host.applying = nil
	if text(m) != "set vlans 10 description one\n" || !strings.Contains(s.Compare(tree.Hide), "+     description: two") {
		t.Errorf("running %q, the candidate:\n%s", text(m), s.Compare(tree.Hide))
	}
	if _, err := s.Commit(t.Context(), Commit{}); err != nil || text(m) != "set vlans 10 description two\n" {
		t.Errorf("%v, running %q", err, text(m))
	}
}
