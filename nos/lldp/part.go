// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

var _ config.Host = (*Speaker)(nil)

// Plan implements [config.Host]. Nothing of it can fail: devices that are not there are
// waited for.
func (s *Speaker) Plan(_ context.Context, _, new *tree.Tree) (config.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &plan{s, s.now, newSettings(new)}, nil
}

// Drift implements [config.Host]: nobody else can change what a Speaker says.
func (s *Speaker) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return nil, nil }

type plan struct {
	speaker  *Speaker
	old, new settings
}

// Steps implements [config.Plan].
func (p *plan) Steps() []string {
	if p.old.equal(&p.new) {
		return nil
	}
	if len(p.new.devices) == 0 {
		return []string{"LLDP: silent"}
	}
	return []string{fmt.Sprintf("LLDP: spoken or heard on %d devices", len(p.new.devices))}
}

// Apply implements [config.Plan].
func (p *plan) Apply(context.Context) error {
	if !p.old.equal(&p.new) {
		p.speaker.configure(p.new)
	}
	return nil
}

// Verify implements [config.Plan].
func (p *plan) Verify(context.Context) error { return nil }

// Undo implements [config.Plan].
func (p *plan) Undo(context.Context) error {
	p.speaker.configure(p.old)
	return nil
}
