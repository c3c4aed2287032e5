// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"fmt"

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
	if err := m.unconfirmed(); err != nil {
		return err
	}
	if m.Number() == 0 {
		return nil
	}
	return m.again(ctx)
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
// is over, or the machine has started anew.
func (m *Manager) unconfirmed() error {
	p, ok := m.Pending()
	c := m.book.current
	if !ok || c.Boot == m.options.BootID && m.options.Clock.Now().Before(p.Deadline) {
		return nil
	}
	old, err := m.confirmed(p.Returns)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Internal, Message: "what was not confirmed runs on", Err: err}
	}
	r := Revision{
		Number: m.book.next(), Time: m.options.Clock.Now().UTC(), Author: Author{Who: p.By.Who, How: "boot"},
		Comment: fmt.Sprintf("revision %d was not confirmed before a start", p.Revision), Of: p.Returns,
	}
	if err := m.book.add(r, old.Text(tree.Commands, tree.Show)); err != nil {
		return fmt.Errorf("write revision %d: %w", r.Number, err)
	}
	if err := m.current(current{Revision: r.Number, Confirmed: r.Number}, r, old); err != nil {
		return fmt.Errorf("make revision %d current: %w", r.Number, err)
	}
	return nil
}
