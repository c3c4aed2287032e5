// SPDX-License-Identifier: Apache-2.0

package access

import (
	"net/netip"
	"time"
)

// Tries is how tests see what counts tries.
type Tries struct{ *tries }

// NewTries returns one.
func NewTries(now func() time.Time) Tries { return Tries{newTries(now)} }

// Take takes a try.
func (t Tries) Take(from netip.Addr) error { return t.take(from) }

// Len returns how many addresses are remembered.
func (t Tries) Len() int { return len(t.free) }

// Decoy is how tests see what the password of nobody is compared with.
func Decoy(g *Guard) string { return g.decoy() }
