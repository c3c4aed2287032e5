// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/linkspan/linkspan/nos/gateway"
)

// Apply makes a change by hand, from its beginning to its end: when not all of it is healthy, it is taken
// back. Say is told what is done; it may be nil.
func (m *Manager) Apply(ctx context.Context, s Set, say func(string)) error {
	if say == nil {
		say = func(string) {}
	}
	s.By = ByHand
	lines, err := m.Plan(ctx, s)
	if err != nil {
		return err
	}
	for _, line := range lines {
		say(line)
	}
	if err := m.Prepare(ctx, s); err != nil {
		return err
	}
	if err := m.Switch(ctx); err != nil {
		m.lastWords(context.WithoutCancel(ctx), say)
		say("take it back: " + err.Error())
		return errors.Join(err, m.Return(context.WithoutCancel(ctx)))
	}
	return m.Commit(ctx)
}

// lastWords tells what services that are not healthy have printed last: their containers go.
func (m *Manager) lastWords(ctx context.Context, say func(string)) {
	const lines = 5
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, s := range m.List(ctx) {
		if s.State == gateway.Healthy || s.State == stateStopped || s.State == stateWaiting {
			continue
		}
		var text strings.Builder
		if err := m.Logs(ctx, s.Composite+"/"+s.Member, lines, false, &text); err != nil {
			continue // then what is wrong must do
		}
		for line := range strings.Lines(text.String()) {
			say(s.Name + " | " + strings.TrimRight(line, "\r\n"))
		}
	}
}

// Pending says who has begun a change that has not ended, and whether anybody has.
func (m *Manager) Pending() (by string, switched, is bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.record.Change == nil {
		return "", false, false
	}
	return m.record.Change.By, m.record.Change.Phase == phaseSwitched, true
}
