// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// fakeHost is a host that is what it was last told.
type fakeHost struct {
	applying                                func() // called before something is applied
	mu                                      sync.Mutex
	is                                      string // commands
	applied                                 int
	failPlan, failApply, failRead, failUndo error
}

func (h *fakeHost) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.is
}

// refuse makes Apply fail from now on; with nil no longer.
func (h *fakeHost) refuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failApply = err
}

func (h *fakeHost) Plan(_ context.Context, old, new *tree.Tree) (Plan, error) {
	if h.failPlan != nil {
		return nil, h.failPlan
	}
	p := &fakePlan{host: h, after: string(new.Text(tree.Commands, tree.Show))}
	if old != nil {
		for _, e := range tree.Diff(old, new) {
			p.steps = append(p.steps, e.Command(tree.Hide))
		}
	}
	return p, nil
}

func (h *fakeHost) Drift(_ context.Context, t *tree.Tree) ([]Drift, error) {
	if have := h.text(); have != string(t.Text(tree.Commands, tree.Show)) {
		return []Drift{{Have: have}}, nil
	}
	return nil, nil
}

type fakePlan struct {
	host          *fakeHost
	before, after string
	steps         []string
}

func (p *fakePlan) Steps() []string { return p.steps }

func (p *fakePlan) Apply(context.Context) error {
	if p.host.applying != nil {
		p.host.applying()
	}
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	if p.host.failApply != nil {
		return p.host.failApply
	}
	p.before, p.host.is = p.host.is, p.after
	p.host.applied++
	return nil
}

func (p *fakePlan) Verify(context.Context) error { return p.host.failRead }

func (p *fakePlan) Undo(ctx context.Context) error {
	if p.host.failUndo != nil || ctx.Err() != nil {
		return errors.Join(p.host.failUndo, ctx.Err())
	}
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.host.is = p.before
	return nil
}

var (
	errPower = errors.New("no power")
	errFull  = errors.New("no space left on device")
)

// fakeDisk loses power, or fails, at one of its operations. What was not synced may
// or may not outlast a loss of power.
type fakeDisk struct {
	names   map[string]*fakeFile
	durable map[string]*fakeFile // names as they were synced last
	undone  []func(map[string]*fakeFile)
	left    int   // operations until it happens
	fails   error // what then happens: errPower for good, others once
	random  *rand.Rand
}

type fakeFile struct{ data []byte }

func newDisk() *fakeDisk {
	return &fakeDisk{names: map[string]*fakeFile{}, durable: map[string]*fakeFile{}, left: -1, random: rand.New(rand.NewPCG(1, 2))}
}

// operation counts a change of the disk; half says that it fails, perhaps half done.
func (d *fakeDisk) operation() (half bool, err error) {
	if d.left < 0 {
		return false, nil
	}
	if d.left == 0 {
		if !errors.Is(d.fails, errPower) {
			d.left = -1
			return true, d.fails
		}
		return true, errPower
	}
	d.left--
	return false, nil
}

func (d *fakeDisk) name(change func(map[string]*fakeFile)) {
	change(d.names)
	d.undone = append(d.undone, change)
}

func (d *fakeDisk) List() ([]string, error) { return slices.Collect(maps.Keys(d.names)), nil }

func (d *fakeDisk) Read(name string) ([]byte, error) {
	f, ok := d.names[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return slices.Clone(f.data), nil
}

func (d *fakeDisk) Write(name string, data []byte) error {
	half, err := d.operation()
	if half {
		data = data[:d.random.IntN(len(data)+1)]
	}
	f := &fakeFile{slices.Clone(data)}
	d.name(func(names map[string]*fakeFile) { names[name] = f })
	return err
}

func (d *fakeDisk) Rename(from, to string) error {
	half, err := d.operation()
	f, ok := d.names[from]
	if !ok {
		return fs.ErrNotExist
	}
	if half && d.random.IntN(2) == 0 {
		return err
	}
	d.name(func(names map[string]*fakeFile) {
		delete(names, from)
		names[to] = f
	})
	return err
}

func (d *fakeDisk) Remove(name string) error {
	half, err := d.operation()
	if _, ok := d.names[name]; !ok {
		return fs.ErrNotExist
	}
	if half && d.random.IntN(2) == 0 {
		return err
	}
	d.name(func(names map[string]*fakeFile) { delete(names, name) })
	return err
}

func (d *fakeDisk) Sync() error {
	if half, err := d.operation(); half {
		return err
	}
	d.durable, d.undone = maps.Clone(d.names), nil
	return nil
}

// after returns the disk after a loss of power: of the changes of names that were
// not synced, the first n have happened.
func (d *fakeDisk) after(n int) *fakeDisk {
	next := newDisk()
	next.names = maps.Clone(d.durable)
	for _, change := range d.undone[:n] {
		change(next.names)
	}
	next.durable = maps.Clone(next.names)
	return next
}

func base(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB, s *schema.Schema, disk Disk, host Host, options ...func(*Options)) *Manager {
	t.Helper()
	o := Options{Disk: disk, Host: host, Schema: s, BootID: "one", Log: slog.New(slog.DiscardHandler)}
	for _, set := range options {
		set(&o)
	}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var ann, bob = Author{"ann", "shell"}, Author{"bob", "api"}

// edit makes a change in a session.
func edit(t testing.TB, s *Session, commands string) {
	t.Helper()
	if err := s.Merge(tree.Commands, []byte(commands)); err != nil {
		t.Fatal(err)
	}
}

// commit commits one change in a session of its own.
func commit(t testing.TB, m *Manager, commands string, c Commit) Revision {
	t.Helper()
	s := m.Edit(ann)
	defer s.Close()
	edit(t, s, commands)
	r, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(m *Manager) string { return string(m.Running().Text(tree.Commands, tree.Show)) }

// quietHost does nothing, and at once.
type quietHost struct{}

func (quietHost) Plan(context.Context, *tree.Tree, *tree.Tree) (Plan, error) { return quietHost{}, nil }
func (quietHost) Drift(context.Context, *tree.Tree) ([]Drift, error)         { return nil, nil }
func (quietHost) Steps() []string                                            { return nil }
func (quietHost) Apply(context.Context) error                                { return nil }
func (quietHost) Verify(context.Context) error                               { return nil }
func (quietHost) Undo(context.Context) error                                 { return nil }
