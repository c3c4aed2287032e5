// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// ByHand is who makes a change that is not a script's: it is taken back when the process ends in it.
const ByHand = "hand"

// Set is composites that are to run.
type Set struct {
	By         string // ByHand, or what tells the change from others: a later process goes on with it
	Composites []linkspan.Composite
	Remove     []string // composites that go
	Whole      bool     // all others that the same asked for go, too
}

// Plan says what a change would do, a line each. Nothing is changed. Errors: Invalid, Permission (what the
// policy does not allow), NotFound (an image that is not here), Unavailable (Docker).
func (m *Manager) Plan(ctx context.Context, s Set) ([]string, error) {
	if err := m.check(ctx, s); err != nil {
		return nil, err
	}
	m.mu.Lock()
	r := m.record.clone()
	m.mu.Unlock()
	next := s.next(&r)
	var lines []string
	for _, name := range sortedKeys(next) {
		old, there := r.Composites[name]
		lines = append(lines, steps(name, old, there, next[name])...)
	}
	return lines, nil
}

// steps says what becomes of one composite.
func steps(name string, old placed, there bool, p *placed) []string {
	if p == nil {
		return []string{"remove composite " + name}
	}
	var lines []string
	if !there {
		lines = append(lines, "create composite "+name)
	} else if old.Sandbox != p.Sandbox {
		lines = append(lines, fmt.Sprintf("composite %s: make its sandbox and all services anew", name))
	}
	for _, s := range p.Spec.Services {
		before, had := old.Members[s.Name]
		spec, _ := member(old.Spec, s.Name)
		switch {
		case !had:
			lines = append(lines, fmt.Sprintf("composite %s: add service %s of %s", name, s.Name, s.Image))
		case before != p.Members[s.Name] && spec.Image != s.Image:
			lines = append(lines, fmt.Sprintf("composite %s: replace service %s: %s, was %s", name, s.Name, s.Image, spec.Image))
		case before != p.Members[s.Name]:
			lines = append(lines, fmt.Sprintf("composite %s: replace service %s", name, s.Name))
		}
	}
	for _, s := range old.Spec.Services {
		if _, stays := p.Members[s.Name]; !stays {
			lines = append(lines, fmt.Sprintf("composite %s: remove service %s", name, s.Name))
		}
	}
	if len(lines) == 0 && norm(old.Spec) != norm(p.Spec) {
		lines = append(lines, fmt.Sprintf("composite %s: change who may call what, and how it is checked", name))
	}
	return lines
}

// next returns what becomes of composites that the set changes.
func (s Set) next(r *record) map[string]*placed {
	next := map[string]*placed{}
	for _, c := range s.Composites {
		p := r.next(c)
		p.By = s.By
		if old, there := r.Composites[c.Name]; there && norm(old) == norm(p) {
			continue
		}
		next[c.Name] = &p
	}
	for name, old := range r.Composites {
		named := slices.ContainsFunc(s.Composites, func(c linkspan.Composite) bool { return c.Name == name })
		if !named && (s.Whole && old.By == s.By || slices.Contains(s.Remove, name)) {
			next[name] = nil
		}
	}
	return next
}

// Prepare makes the containers of a change, which do not run yet. What could be refused is refused
// here, before anything is touched. A change by the same that is prepared already is made anew.
// Errors: those of Plan, and Conflict (another change is under way).
func (m *Manager) Prepare(ctx context.Context, s Set) error {
	if err := m.check(ctx, s); err != nil {
		return err
	}
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	m.mu.Lock()
	under := m.record.Change
	m.mu.Unlock()
	if under != nil && (under.By != s.By || under.Phase != phasePrepared) {
		return &linkspan.Error{Code: linkspan.Conflict, Message: "another change of composites is under way (" + under.By + ", " + under.Phase + ")", Hint: "wait until it has ended"}
	}
	err := m.save(func(r *record) {
		r.Change = nil // its containers are nobody's now, and go
		r.Change = &change{Phase: phasePrepared, By: s.By, Next: s.next(r)}
	})
	if err == nil {
		err = m.converge(ctx)
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, m.back(context.WithoutCancel(ctx)))
}

// switchTime is how long a new set has until all of it is healthy, unless ctx ends before.
const switchTime = 5 * time.Minute

// Switch has the new set run in place of the old one, whose containers are kept, and returns when all of
// it is healthy. Called again it goes on. On an error both [Manager.Switch] and [Manager.Return] may
// follow. Errors: NotFound (nothing is prepared), Unavailable (a service is not healthy).
func (m *Manager) Switch(ctx context.Context) error {
	if err := m.phase(phaseSwitched, phasePrepared, phaseSwitched); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, switchTime)
	defer cancel()
	return m.settle(ctx)
}

// settle waits until all that is to run is healthy. What fails for good is told at once.
func (m *Manager) settle(ctx context.Context) error {
	const glance = 50 * time.Millisecond
	for {
		if err := m.take(ctx); err != nil {
			return m.unsettled(err)
		}
		err := m.converge(ctx)
		m.give()
		waits, failed := m.waits()
		if err == nil && len(waits) == 0 {
			return nil
		}
		if failed != nil {
			return failed
		}
		if code := linkspan.CodeOf(err); err != nil && code != linkspan.Unavailable && code != linkspan.Internal {
			return err
		}
		if pause(ctx, glance); ctx.Err() != nil {
			return m.unsettled(errors.Join(err, ctx.Err()))
		}
	}
}

func (m *Manager) unsettled(err error) error {
	waits, _ := m.waits()
	return &linkspan.Error{Code: linkspan.Unavailable, Message: "not healthy in time: " + strings.Join(waits, ", "), Hint: "linkspan service logs shows why", Err: err}
}

// Commit makes the change the one that stays: the containers of the old set go. Called again, it does
// nothing.
func (m *Manager) Commit(ctx context.Context) error {
	err := m.take(ctx)
	if err != nil {
		return err
	}
	defer m.give()
	err = m.save(func(r *record) {
		if r.Change != nil && r.Change.Phase == phaseSwitched {
			r.Composites, r.Change = r.wanted(), nil
		}
	})
	if err != nil {
		return err
	}
	_ = m.converge(ctx) // it is decided; what is left of the old set goes later
	m.wakeUp()
	return nil
}

// Return has the old set run again, whose containers were kept, and takes the new one away. Called again,
// it does nothing.
func (m *Manager) Return(ctx context.Context) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	return m.back(ctx)
}

func (m *Manager) back(ctx context.Context) error {
	m.mu.Lock()
	under := m.record.Change
	m.mu.Unlock()
	if under == nil {
		return nil
	}
	err := m.save(func(r *record) { r.Change.Phase = phaseReturning })
	if err == nil {
		err = m.converge(ctx)
	}
	if err != nil && linkspan.CodeOf(err) != linkspan.NotFound { // an image of the old set that is gone does not come back
		return err
	}
	for name, p := range under.Next {
		if p == nil || p.Sandbox == m.sandboxOf(name) {
			continue
		}
		if err := m.unplug(ctx, *p); err != nil {
			return err
		}
	}
	return m.save(func(r *record) { r.Change = nil })
}

// sandboxOf returns the generation of a composite's sandbox that stays.
func (m *Manager) sandboxOf(name string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.record.Composites[name].Sandbox
}

// phase has a change go on.
func (m *Manager) phase(to string, from ...string) error {
	m.mu.Lock()
	under := m.record.Change
	m.mu.Unlock()
	if under == nil || !slices.Contains(from, under.Phase) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "no change of composites is prepared"}
	}
	if under.Phase == to {
		return nil
	}
	return m.save(func(r *record) { r.Change.Phase = to })
}
