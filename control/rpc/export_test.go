// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"time"
)

// MaxLinks is how many links there may be.
const MaxLinks = maxLinks

// Recheck has standing streams' certificates looked at so often.
func (s *Server) Recheck(every time.Duration) { s.recheck = every }

// SweepNow removes what has expired, once.
func (s *Server) SweepNow(ctx context.Context) error { return s.sweep(ctx) }
