// SPDX-License-Identifier: Apache-2.0

package cnm

import "time"

// The pauses between attempts of a removal: the first one, doubled after each
// failure, up to the last one.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// handLimit is how long a fresh mark is left to whoever set it.
const handLimit = 30 * time.Second

// Removal marks a record that is to be taken away, until that has succeeded.
type Removal struct {
	Since      time.Time `json:"since"`
	Attempts   int       `json:"attempts,omitzero"`
	Next       time.Time `json:"next"`                 // not tried again before
	Reason     string    `json:"reason,omitempty"`     // why the last attempt failed
	Incomplete bool      `json:"incomplete,omitempty"` // what is marked was never there as a whole
}

// newRemoval marks what is to go.
func newRemoval(now time.Time) *Removal {
	return &Removal{Since: now, Next: now.Add(handLimit)}
}

// newIntent marks what is being made, until it is complete.
func newIntent(now time.Time) *Removal {
	return &Removal{Since: now, Next: now.Add(handLimit), Incomplete: true}
}

// orphaned returns the mark of a removal that an earlier process was at: it is
// due at once, and what it frees may have been freed before.
func (r *Removal) orphaned() *Removal {
	if r == nil {
		return nil
	}
	return &Removal{Since: r.Since, Attempts: max(r.Attempts, 1), Reason: r.Reason, Incomplete: r.Incomplete}
}

// failed returns the mark after one more attempt that ended in err.
func (r *Removal) failed(now time.Time, err error) *Removal {
	next := Removal{Since: now, Attempts: 1, Reason: err.Error()}
	if r != nil {
		next.Since, next.Attempts, next.Incomplete = r.Since, r.Attempts+1, r.Incomplete
	}
	next.Next = now.Add(min(firstPause<<min(next.Attempts-1, 16), lastPause))
	return &next
}

// due says whether the removal may be tried now.
func (r *Removal) due(now time.Time) bool { return r != nil && !r.Next.After(now) }
