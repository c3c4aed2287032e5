// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"log/slog"

	"github.com/linkspan/linkspan"
)

// Fences makes and reads the fences of containers' interfaces; see [Kernel]. The
// errors of all have code NotFound when the port's sandbox or interface is not
// there.
type Fences interface {
	// Set makes the fence, or makes it anew with a limit; its counts begin anew.
	Set(ctx context.Context, p Port, l Limit) error
	// Get returns limit and counts of the fence; NotFound also when there is none.
	Get(ctx context.Context, p Port) (Limit, Counts, error)
	// Remove removes the fence; one that is not there is fine.
	Remove(ctx context.Context, p Port) error
}

// Config is what a Watch is made of.
type Config struct {
	Ports   func() []Port // those attached now; Link tells them apart
	Traffic Traffic
	Report  func(linkspan.Event) // may be called by Run only; never waits
	Log     *slog.Logger

	Fences Fences                            // Default: those of the kernel
	Sent   func() (map[string]uint64, error) // Default: Sent
}

// Default fills what was left empty and has a default.
func (c Config) Default() Config {
	if c.Fences == nil {
		c.Fences = Kernel{}
	}
	if c.Sent == nil {
		c.Sent = Sent
	}
	return c
}

// Validate says whether nothing is missing.
func (c Config) Validate() error {
	if c.Ports == nil || c.Traffic == nil || c.Report == nil || c.Log == nil || c.Fences == nil || c.Sent == nil {
		return &linkspan.Error{Code: linkspan.Invalid, Op: "make storm control", Message: "a part is not configured"}
	}
	return nil
}
