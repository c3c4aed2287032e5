// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// Session is one editor with a candidate of its own, which begins as what runs.
// Its methods may be called by any number of goroutines.
type Session struct {
	m         *Manager
	id        int
	author    Author
	since     time.Time
	edited    time.Time
	base      *tree.Tree // what ran when the candidate began
	candidate *tree.Tree
	of        int // the revision that was loaded last, 0 if it was changed since
}

// Editing is a session as others see it.
type Editing struct {
	ID int
	Author
	Since   time.Time
	Edited  time.Time // zero: nothing was changed
	Changes int       // commands that are not committed
	Locked  bool      // it has the configuration alone
}

// Edit opens a session. It is closed by Close.
func (m *Manager) Edit(a Author) *Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	s := &Session{m: m, id: m.last, author: a, since: m.options.Clock.Now(), base: m.running, candidate: m.running}
	m.sessions[s.id] = s
	return s
}

// Sessions returns all that edit, the first who began first.
func (m *Manager) Sessions() []Editing {
	m.mu.Lock()
	var all []Editing
	trees := map[int][2]*tree.Tree{}
	for id, s := range m.sessions {
		all = append(all, Editing{id, s.author, s.since, s.edited, 0, m.lock == s})
		trees[id] = [2]*tree.Tree{s.base, s.candidate}
	}
	m.mu.Unlock()
	for i := range all {
		pair := trees[all[i].ID]
		all[i].Changes = len(tree.Diff(pair[0], pair[1]))
	}
	slices.SortFunc(all, func(a, b Editing) int { return a.ID - b.ID })
	return all
}

// ID returns the session's number.
func (s *Session) ID() int { return s.id }

// Close ends the session; what is not committed is lost. It may be called twice.
func (s *Session) Close() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	delete(s.m.sessions, s.id)
	if s.m.lock == s {
		s.m.lock = nil
	}
}

// Candidate returns what the session has edited.
func (s *Session) Candidate() *tree.Tree {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	return s.candidate
}

// Base returns what ran when the candidate began: what it is compared with.
func (s *Session) Base() *tree.Tree {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	return s.base
}

// Change edits the candidate: it becomes what edit makes of it, or stays as it is if
// that returns an error. The error is edit's, or that somebody else has the
// configuration alone.
func (s *Session) Change(edit func(*tree.Tree) (*tree.Tree, error)) error {
	for {
		before := s.Candidate()
		after, err := edit(before)
		if err != nil {
			return err
		}
		if done, err := s.become(before, after, 0); done || err != nil {
			return err
		}
	}
}

// become makes after the candidate if before still is.
func (s *Session) become(before, after *tree.Tree, of int) (bool, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.mine(); err != nil {
		return false, err
	}
	if s.candidate != before {
		return false, nil
	}
	if tree.Same(before, after) {
		return true, nil
	}
	s.candidate, s.edited, s.of = after, s.m.options.Clock.Now(), of
	return true, nil
}

// mine says whether the session may edit and commit. It is called with mu held.
func (s *Session) mine() error {
	if s.m.sessions[s.id] != s {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("session %d has ended", s.id)}
	}
	if l := s.m.lock; l != nil && l != s {
		return &linkspan.Error{
			Code: linkspan.Conflict, Message: fmt.Sprintf("%s has locked the configuration since %s", l.author, l.since.Format(time.RFC3339)),
			Hint: fmt.Sprintf("wait until it is unlocked, or an administrator types unlock %d", l.id),
		}
	}
	return nil
}

// Load makes what a text says the candidate.
func (s *Session) Load(f tree.Form, text []byte) error {
	return s.Change(func(t *tree.Tree) (*tree.Tree, error) {
		loaded, err := t.Load(f, text)
		if err != nil {
			return nil, err
		}
		return t.Apply(tree.Diff(t, loaded)) // shares what is the same
	})
}

// Merge sets what a text says in the candidate.
func (s *Session) Merge(f tree.Form, text []byte) error {
	return s.Change(func(t *tree.Tree) (*tree.Tree, error) { return t.Merge(f, text) })
}

// Rollback makes a revision's configuration the candidate; it is then committed like
// any other. The error is NotFound if it is not kept.
func (s *Session) Rollback(number int) error {
	for {
		before := s.Candidate()
		_, old, err := s.m.Revision(number)
		if err != nil {
			return err
		}
		if old.Schema() != before.Schema() {
			continue // it was changed in between
		}
		after, err := before.Apply(tree.Diff(before, old))
		if err != nil {
			return err
		}
		if done, err := s.become(before, after, number); done || err != nil {
			return err
		}
	}
}

// Discard begins the candidate again with what runs now.
func (s *Session) Discard() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.base, s.candidate, s.edited, s.of = s.m.running, s.m.running, time.Time{}, 0
}

// Compare returns the lines that differ between what ran and the candidate.
func (s *Session) Compare(secrets tree.Secrets) string {
	s.m.mu.Lock()
	base, candidate := s.base, s.candidate
	s.m.mu.Unlock()
	return tree.Compare(base, candidate, secrets)
}

// Lock keeps all others from editing and committing until Unlock or Close. The
// error is a Conflict while somebody else has the lock, or has edited something.
func (s *Session) Lock() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.mine(); err != nil {
		return err
	}
	for _, other := range s.m.sessions {
		if other != s && !tree.Same(other.base, other.candidate) {
			return &linkspan.Error{
				Code: linkspan.Conflict, Message: fmt.Sprintf("%s has changes since %s that are not committed", other.author, other.edited.Format(time.RFC3339)),
				Hint: "wait until they are committed or discarded",
			}
		}
	}
	s.m.lock = s
	return nil
}

// Unlock ends what Lock began.
func (s *Session) Unlock() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.lock == s {
		s.m.lock = nil
	}
}

// Break ends the lock of a session, whoever has it; the session goes on. The error is NotFound
// if the session does not have the lock.
func (m *Manager) Break(session int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lock == nil || m.lock.id != session {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("session %d has not locked the configuration", session), Hint: "show sessions"}
	}
	m.lock = nil
	return nil
}
