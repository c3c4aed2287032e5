// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/nos/validate"
)

// Keep is how many revisions are kept if nothing else is said.
const Keep = 100

// Options are what a manager needs.
type Options struct {
	Disk   Disk
	Host   Host
	Schema *schema.Schema
	Clock  Clock        // SystemClock if nil
	BootID string       // another one after each start of the machine
	Keep   int          // how many revisions are kept; 0 is [Keep]
	Log    *slog.Logger // slog.Default if nil
	// Committed is called with each revision that was made current by whomever, also by a
	// return, and with what ran before and runs now, before the commit is answered. It must
	// not call the manager. nil: nobody is told.
	Committed func(r Revision, before, now *tree.Tree)
}

// Manager keeps the configuration. Its methods may be called by any number of goroutines.
type Manager struct {
	options   Options
	validator *validate.Validator
	turn      chan struct{} // held by whoever changes the host or the disk
	wake      chan struct{} // what is to be confirmed has changed

	mu       sync.Mutex // held for moments only
	book     *book      // written by the holder of turn
	running  *tree.Tree
	sessions map[int]*Session
	last     int      // session
	lock     *Session // nil: nobody has the configuration alone
	// unwritten is why it could not be written down that a confirmed revision runs again. What
	// the book has for current does not run then.
	unwritten error
	damage    error // what of the revisions could not be read
	fault     error // what is wrong with the host
}

// Open reads the revisions. What cannot be read of them is told by [Manager.Fault], and an
// older one takes the place of a current one that cannot be read. The host is not touched.
func Open(o Options) (*Manager, error) {
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Keep == 0 {
		o.Keep = Keep
	}
	v, err := validate.New(o.Schema)
	if err != nil {
		return nil, err
	}
	b, damage, err := openBook(o.Disk, o.Keep)
	if err != nil {
		return nil, err
	}
	m := &Manager{
		options: o, validator: v, book: b, damage: damage, running: tree.New(o.Schema),
		turn: make(chan struct{}, 1), wake: make(chan struct{}, 1), sessions: map[int]*Session{},
	}
	m.damage = errors.Join(m.damage, m.start())
	return m, nil
}

// start takes the current revision, or the newest before it that can be read, for the
// one that runs. If there is none it is as if nothing was ever committed.
func (m *Manager) start() error {
	c := m.book.current
	if c.Revision == 0 {
		return nil
	}
	t, err := m.load(c.Revision)
	if err == nil {
		m.running = t
		return nil
	}
	wrong := fmt.Errorf("current revision %d: %w", c.Revision, err)
	m.book.current, m.book.floor = current{}, c.Revision
	for _, r := range slices.Backward(m.book.kept) {
		if r.Number > c.Confirmed || r.Confirm > 0 && r.Number != c.Confirmed {
			continue // nobody may have confirmed it
		}
		if t, err = m.load(r.Number); err == nil {
			m.running = t
			m.book.current = current{Revision: r.Number, Confirmed: r.Number}
			break
		}
	}
	return wrong
}

// load reads a revision's configuration.
func (m *Manager) load(number int) (*tree.Tree, error) {
	_, commands, err := m.book.read(number)
	if err != nil {
		return nil, err
	}
	return tree.New(m.Running().Schema()).Load(tree.Commands, commands)
}

// Running returns the configuration that runs.
func (m *Manager) Running() *tree.Tree {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running
}

// Fault returns what is wrong with the revisions on disk, or that the host may not
// be as the running configuration says, until [Manager.Reapply] makes it so; nil if
// nothing is.
func (m *Manager) Fault() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return errors.Join(m.damage, m.unwritten, m.fault)
}

// Number returns the number of the revision that runs, 0 if nothing was ever committed.
func (m *Manager) Number() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.book.current.Revision
}

// History returns the revisions that are kept, the newest first.
func (m *Manager) History() []Revision {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.book.kept)
	slices.Reverse(all)
	return all
}

// Revision returns a revision and its configuration. The error is NotFound if it is not kept.
func (m *Manager) Revision(number int) (Revision, *tree.Tree, error) {
	m.mu.Lock()
	i := slices.IndexFunc(m.book.kept, func(r Revision) bool { return r.Number == number })
	var r Revision
	if i >= 0 {
		r = m.book.kept[i]
	}
	m.mu.Unlock()
	if i < 0 {
		return r, nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no revision %d", number), Hint: "show history"}
	}
	t, err := m.load(number)
	if err != nil {
		return r, nil, fmt.Errorf("revision %d: %w", number, err)
	}
	return r, t, nil
}

// Drift returns what on the host is not as the running configuration says.
func (m *Manager) Drift(ctx context.Context) ([]Drift, error) {
	return m.options.Host.Drift(ctx, m.Running())
}

// take waits until nobody else changes the host or the disk.
func (m *Manager) take(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Manager) give() { <-m.turn }
