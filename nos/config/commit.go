// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// MaxComment is the greatest length of a comment, in bytes.
const MaxComment = 1024

// Commit is how a candidate is committed.
type Commit struct {
	Comment string
	Confirm time.Duration // within which it must be confirmed, or it returns; 0 for not at all
}

// Check says what a commit would do, in steps. The error is what a commit's would be,
// as far as it can be known before.
func (s *Session) Check(ctx context.Context) ([]string, error) {
	if err := s.m.take(ctx); err != nil {
		return nil, err
	}
	defer s.m.give()
	next, _, err := s.next()
	if err != nil {
		return nil, err
	}
	plan, err := s.m.plan(ctx, next)
	if err != nil {
		return nil, err
	}
	return plan.Steps(), nil
}

// Commit makes the candidate run, and the session's candidate begins again with
// it. When others have committed since it began, its changes come to theirs; the
// error is a Conflict if they are about the same. Without changes nothing
// happens, and the revision that runs is returned. On an error the host and
// the disk are as they were; where that could not be done the code is Internal and
// [Manager.Fault] says so too.
func (s *Session) Commit(ctx context.Context, c Commit) (Revision, error) {
	if len(c.Comment) > MaxComment || c.Confirm < 0 {
		return Revision{}, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("a comment has at most %d bytes, and a time to confirm is above 0", MaxComment)}
	}
	if err := s.m.take(ctx); err != nil {
		return Revision{}, err
	}
	defer s.m.give()
	next, r, err := s.next()
	if err != nil {
		return Revision{}, err
	}
	r.Comment, r.Confirm = c.Comment, c.Confirm
	if r.Revision, err = s.m.commit(ctx, r.Revision, next); err != nil {
		return Revision{}, err
	}
	s.committed(r.candidate, next)
	return r.Revision, nil
}

// attempt is a revision in the making and the candidate that it is of.
type attempt struct {
	Revision
	candidate *tree.Tree
}

// committed begins the candidate again with what runs. What was edited meanwhile stays.
func (s *Session) committed(candidate, next *tree.Tree) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.candidate == candidate {
		s.base, s.candidate, s.edited, s.of = next, next, time.Time{}, 0
		return
	}
	if after, err := rebase(candidate, s.candidate, next); err == nil {
		s.base, s.candidate = next, after
	}
}

// next returns what would run after a commit of the session, validated.
func (s *Session) next() (*tree.Tree, attempt, error) {
	s.m.mu.Lock()
	err := s.mine()
	a := attempt{Revision{Author: s.author, Of: s.of}, s.candidate}
	base, running, c := s.base, s.m.running, s.m.book.current
	s.m.mu.Unlock()
	if err != nil {
		return nil, a, err
	}
	if c.pending() {
		return nil, a, &linkspan.Error{
			Code: linkspan.Conflict, Message: fmt.Sprintf("revision %d of %s is to be confirmed until %s", c.Revision, c.By, c.Deadline.Format(time.RFC3339)),
			Hint: "confirm it, or return to revision " + fmt.Sprint(c.Confirmed),
		}
	}
	next, err := rebase(base, a.candidate, running)
	if err != nil {
		return nil, a, err
	}
	return next, a, s.m.validator.Change(running, next)
}

// rebase returns running with the changes from base to candidate.
func rebase(base, candidate, running *tree.Tree) (*tree.Tree, error) {
	if tree.Same(base, running) {
		return candidate, nil
	}
	mine := tree.Diff(base, candidate)
	if path := tree.Overlap(base.Schema(), tree.Diff(base, running), mine); path != nil {
		return nil, &linkspan.Error{
			Code: linkspan.Conflict, Message: "somebody else has committed another change of " + tree.Join(path),
			Hint: "compare, then discard your changes or make them again on what runs now",
		}
	}
	next := running
	for _, e := range mine {
		after, err := next.Apply([]tree.Edit{e})
		if linkspan.CodeOf(err) == linkspan.NotFound && e.Delete {
			continue // they have deleted it too
		}
		if err != nil {
			return nil, err
		}
		next = after
	}
	return next, nil
}

func (m *Manager) plan(ctx context.Context, next *tree.Tree) (Plan, error) {
	plan, err := m.options.Host.Plan(ctx, m.Running(), next)
	if err != nil {
		return nil, fmt.Errorf("the host cannot do it: %w", err)
	}
	return plan, nil
}

// commit makes a configuration run. It is called by the holder of turn.
func (m *Manager) commit(ctx context.Context, r Revision, next *tree.Tree) (Revision, error) {
	before := m.book.current
	if !before.pending() && len(tree.Diff(m.Running(), next)) == 0 {
		return m.currentRevision(), nil
	}
	plan, err := m.plan(ctx, next)
	if err != nil {
		return r, err
	}
	r.Number, r.Time = m.book.next(), m.options.Clock.Now().UTC()
	c := current{Revision: r.Number, Confirmed: r.Number}
	if r.Confirm > 0 {
		c = current{r.Number, before.Revision, r.Time.Add(r.Confirm), m.options.BootID, r.Author}
	}
	if err := m.book.add(r, next.Text(tree.Commands, tree.Show)); err != nil {
		m.drop(r.Number)
		return r, fmt.Errorf("write revision %d: %w", r.Number, err)
	}
	if err := m.applied(ctx, plan, r.Number); err != nil {
		m.drop(r.Number)
		return r, err
	}
	if err := m.current(c, r, next); err != nil { // its file stays: it may be the current one on disk
		return r, m.undo(ctx, plan, fmt.Errorf("make revision %d current: %w", r.Number, err))
	}
	m.woken()
	return r, nil
}

// current makes a revision the current one, and tells of it.
func (m *Manager) current(c current, r Revision, t *tree.Tree) error {
	before, err := m.point(c, r, t)
	if err == nil && m.options.Committed != nil {
		m.options.Committed(r, before, t)
	}
	return err
}

// point makes a revision the current one, and returns what ran before. It is called by the
// holder of turn; nobody else waits for the disk.
func (m *Manager) point(c current, r Revision, t *tree.Tree) (*tree.Tree, error) {
	if err := m.book.point(c); err != nil {
		return nil, err
	}
	before, old := m.enter(c, r, t)
	for _, number := range old {
		if err := m.book.drop(number); err != nil && !errors.Is(err, fs.ErrNotExist) {
			m.options.Log.Warn("an old revision stays", slog.Int("revision", number), slog.Any("error", err))
		}
	}
	return before, nil
}

// enter has all others know what runs from now on.
func (m *Manager) enter(c current, r Revision, t *tree.Tree) (before *tree.Tree, old []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, m.running, m.unwritten = m.running, t, nil
	return before, m.book.enter(c, r)
}

// applied applies a plan and reads it back.
func (m *Manager) applied(ctx context.Context, plan Plan, number int) error {
	if err := plan.Apply(ctx); err != nil {
		err = fmt.Errorf("apply revision %d: %w", number, err)
		if halfway(err) {
			return m.notBack(err)
		}
		return err
	}
	if err := plan.Verify(ctx); err != nil {
		return m.undo(ctx, plan, fmt.Errorf("read back revision %d: %w", number, err))
	}
	return nil
}

// undo undoes a plan because of an error, also when the caller has gone.
func (m *Manager) undo(ctx context.Context, plan Plan, because error) error {
	err := plan.Undo(context.WithoutCancel(ctx))
	if err == nil {
		return because
	}
	return m.notBack(errors.Join(because, err))
}

// notBack keeps, and returns, that the host is not as it was before a commit.
func (m *Manager) notBack(because error) error {
	return m.told(&linkspan.Error{
		Code: linkspan.Internal, Message: "the host could not be brought back", Hint: "show drift", Err: because,
	})
}

// drop removes the file of a revision that did not become current.
func (m *Manager) drop(number int) {
	if err := m.book.drop(number); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.options.Log.Warn("the file of a revision that was not committed stays until the next start", slog.Int("revision", number), slog.Any("error", err))
	}
}

// currentRevision returns the revision that runs, the zero one if there is none.
func (m *Manager) currentRevision() Revision {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.book.kept {
		if r.Number == m.book.current.Revision {
			return r
		}
	}
	return Revision{}
}
