// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// returnRetry is how long it is waited after a return that did not succeed.
const returnRetry = 10 * time.Second

// Pending is a revision that is to be confirmed.
type Pending struct {
	Revision int       // that runs
	Returns  int       // the revision that comes again otherwise
	Deadline time.Time // when it does
	By       Author    // who committed it
}

// Pending returns what is to be confirmed, and whether anything is.
func (m *Manager) Pending() (Pending, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.book.current
	return Pending{c.Revision, c.Confirmed, c.Deadline, c.By}, c.pending()
}

// Confirm keeps what runs. The error is NotFound if nothing is to be confirmed.
func (m *Manager) Confirm(ctx context.Context) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	m.mu.Lock()
	c, runs := m.book.current, m.unwritten == nil
	m.mu.Unlock()
	if !c.pending() || !runs {
		return nothingPending()
	}
	c = current{Revision: c.Revision, Confirmed: c.Revision}
	if err := m.book.point(c); err != nil {
		return fmt.Errorf("confirm revision %d: %w", c.Revision, err)
	}
	m.mu.Lock()
	m.book.current = c
	m.mu.Unlock()
	m.woken()
	return nil
}

func nothingPending() error {
	return &linkspan.Error{Code: linkspan.NotFound, Message: "nothing is to be confirmed"}
}

// Return makes the last confirmed revision run again, as a new one, before the time
// to confirm is over. The error is NotFound if nothing is to be confirmed.
func (m *Manager) Return(ctx context.Context, a Author) (Revision, error) {
	if err := m.take(ctx); err != nil {
		return Revision{}, err
	}
	defer m.give()
	return m.back(ctx, a, "returned before it was confirmed")
}

// back returns. It is called by the holder of turn.
func (m *Manager) back(ctx context.Context, a Author, comment string) (Revision, error) {
	p, ok := m.Pending()
	if !ok {
		return Revision{}, nothingPending()
	}
	old, err := m.confirmed(p.Returns)
	if err != nil {
		return Revision{}, err
	}
	return m.commit(ctx, Revision{Author: a, Comment: fmt.Sprintf("revision %d %s", p.Revision, comment), Of: p.Returns}, old)
}

// confirmed returns the configuration of a revision; before the first one it was empty.
func (m *Manager) confirmed(number int) (*tree.Tree, error) {
	if number == 0 {
		return tree.New(m.Running().Schema()), nil
	}
	t, err := m.load(number)
	if err != nil {
		return nil, fmt.Errorf("revision %d to return to: %w", number, err)
	}
	return t, nil
}

// woken tells Run that what is to be confirmed has changed.
func (m *Manager) woken() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Run returns what is not confirmed in time. It ends with ctx.
func (m *Manager) Run(ctx context.Context) error {
	retry := time.Duration(0)
	for {
		var due <-chan time.Time
		if p, ok := m.Pending(); ok {
			due = m.options.Clock.After(max(p.Deadline.Sub(m.options.Clock.Now()), retry))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
			retry = 0
		case <-due:
			if retry = 0; m.late(ctx) != nil {
				retry = returnRetry
			}
		}
	}
}

// late returns a revision whose time is over.
func (m *Manager) late(ctx context.Context) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	p, ok := m.Pending()
	if !ok || m.options.Clock.Now().Before(p.Deadline) {
		return nil
	}
	r, err := m.back(ctx, Author{Who: p.By.Who, How: "return"}, "was not confirmed in time")
	if err != nil {
		m.options.Log.Error("a revision that was not confirmed could not return", slog.Int("revision", p.Revision), slog.Any("error", err))
		return err
	}
	m.options.Log.Warn("a revision was not confirmed in time", slog.Int("revision", p.Revision), slog.Int("returned_to", p.Returns), slog.Int("as_revision", r.Number))
	return nil
}
