// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"

	"github.com/linkspan/linkspan"
)

// ByScripts is who asks for composites of behavior scripts.
const ByScripts = "script"

// Scripts is a Manager as behavior scripts use it: what they ask for is a whole set. Composites that
// somebody runs by hand stay, but for those of the same names.
type Scripts struct{ Manager *Manager }

func whole(set []linkspan.Composite) Set { return Set{By: ByScripts, Composites: set, Whole: true} }

// Plan is [Manager.Plan] of a whole set.
func (s Scripts) Plan(ctx context.Context, set []linkspan.Composite) ([]string, error) {
	return s.Manager.Plan(ctx, whole(set))
}

// Prepare is [Manager.Prepare] of a whole set.
func (s Scripts) Prepare(ctx context.Context, set []linkspan.Composite) error {
	return s.Manager.Prepare(ctx, whole(set))
}

// Switch is [Manager.Switch].
func (s Scripts) Switch(ctx context.Context) error { return s.Manager.Switch(ctx) }

// Commit is [Manager.Commit].
func (s Scripts) Commit(ctx context.Context) error { return s.Manager.Commit(ctx) }

// Return is [Manager.Return], of a change by scripts alone.
func (s Scripts) Return(ctx context.Context) error {
	if by, _, is := s.Manager.Pending(); !is || by != ByScripts {
		return nil
	}
	return s.Manager.Return(ctx)
}
