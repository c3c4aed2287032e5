// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/nos/tree"
)

// Host is what a configuration is applied to. Its methods are not called at the
// same time as one another, but for Drift.
type Host interface {
	// Plan says how the host gets from one configuration to another, and changes
	// nothing. The error says what the host cannot do. Old is nil when it is not known
	// how the host is, after a start: then what it cannot do is left out, and
	// Apply's error says so.
	Plan(ctx context.Context, old, new *tree.Tree) (Plan, error)

	// Drift returns what on the host is not as the configuration says, because
	// somebody changed it by other means. It changes nothing.
	Drift(ctx context.Context, t *tree.Tree) ([]Drift, error)
}

// Plan is a way from one configuration to another.
type Plan interface {
	// Steps says what would be done, for people, in order.
	Steps() []string

	// Apply does it. On an error the host is as it was, or the error has a [Halfway] in
	// it. Only of a plan from an unknown host all is done that can be, and the error says
	// what cannot.
	Apply(ctx context.Context) error

	// Verify reads back whether the host is as it should be after Apply.
	Verify(ctx context.Context) error

	// Undo makes the host as it was before Apply.
	Undo(ctx context.Context) error
}

// Drift is one thing on the host that is not as configured.
type Drift struct {
	Path []string // in the configuration
	Want string   // as configured; empty if it should not be there
	Have string   // as it is; empty if it is not there
}

// Clock tells the time. It is a parameter so that tests need not wait.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the clock of the machine.
type SystemClock struct{}

var _ Clock = SystemClock{}

// Now returns the time.
func (SystemClock) Now() time.Time { return time.Now() }

// After returns a channel that gets the time after d.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
