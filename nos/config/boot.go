// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// Boot makes the host as the last confirmed revision says; it is called once,
// before Run. A revision that is still to be confirmed goes on running if the machine has
// not started anew since and its time is not over. Where nothing was ever committed the host
// stays as it is. On an error all was applied that could be, the manager can
// be used, and [Manager.Fault] and [Manager.Drift] say what is not as it should be.
func (m *Manager) Boot(ctx context.Context) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	return m.told(m.boot(ctx))
}

func (m *Manager) boot(ctx context.Context) error {
	wrong := m.unconfirmed()
	if m.Number() == 0 {
		return wrong
	}
	return errors.Join(wrong, m.again(ctx))
}

// Reapply makes the host as the running configuration says, whatever it is now: after
// somebody changed it by other means, or when a device has come that was not there. On
// an error all was applied that could be.
func (m *Manager) Reapply(ctx context.Context) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	return m.told(m.again(ctx))
}

// again applies what runs to a host of which nothing is known.
func (m *Manager) again(ctx context.Context) error {
	number := m.Number()
	plan, err := m.options.Host.Plan(ctx, nil, m.Running())
	if err != nil {
		return fmt.Errorf("the host cannot do revision %d: %w", number, err)
	}
	if err := plan.Apply(ctx); err != nil {
		return fmt.Errorf("apply revision %d: %w", number, err)
	}
	if err := plan.Verify(ctx); err != nil {
		return fmt.Errorf("read back revision %d: %w", number, err)
	}
	return nil
}

// told keeps what is wrong with the host, or that nothing is any more.
func (m *Manager) told(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
	return err
}

// unconfirmed goes back to the last confirmed revision if the time for a later one
// is over, or the machine has started anew; also when that cannot be written down. The error
// is that none can be read.
func (m *Manager) unconfirmed() error {
	p, ok := m.Pending()
	c := m.book.current
	if !ok || c.Boot == m.options.BootID && m.options.Clock.Now().Before(p.Deadline) {
		return nil
	}
	of, old, err := m.lastConfirmed(p.Returns)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Internal, Message: "what was not confirmed runs on", Err: err}
	}
	r := Revision{
		Number: m.book.next(), Time: m.options.Clock.Now().UTC(), Author: Author{Who: p.By.Who, How: "boot"},
		Comment: fmt.Sprintf("revision %d was not confirmed before a start", p.Revision), Of: of,
	}
	err = m.book.add(r, old.Text(tree.Commands, tree.Show))
	if err == nil {
		err = m.current(current{Revision: r.Number, Confirmed: r.Number}, r, old)
	}
	if err != nil {
		m.returnUnwritten(old, fmt.Errorf("write revision %d: %w", r.Number, err))
	}
	return nil
}

// lastConfirmed returns the configuration of a revision, or the newest before it that can be
// read and did not have to be confirmed, and its number.
func (m *Manager) lastConfirmed(number int) (int, *tree.Tree, error) {
	t, err := m.confirmed(number)
	if err == nil {
		return number, t, nil
	}
	for _, r := range slices.Backward(m.book.kept) {
		if r.Number >= number || r.Confirm > 0 {
			continue
		}
		if t, wrong := m.load(r.Number); wrong == nil {
			m.options.Log.Warn("an older revision runs than the confirmed one", slog.Int("revision", r.Number), slog.Any("error", err))
			return r.Number, t, nil
		}
	}
	return 0, nil, err
}

// returnUnwritten has a confirmed configuration run though that cannot be written down now:
// [Manager.Run] tries that again until it can.
func (m *Manager) returnUnwritten(t *tree.Tree, because error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running, m.unwritten = t, because
	m.book.current.Deadline, m.book.current.Boot = m.options.Clock.Now(), m.options.BootID
}
