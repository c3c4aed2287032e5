// SPDX-License-Identifier: Apache-2.0

package crowd

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// How many logins that are refused are written down one by one. All of them would let
// anybody on the network fill the audit log, which keeps a bounded number of records.
const (
	RefusalsWhole  = 32          // at most, of all sources
	RefusalsOf     = 4           // of them, of one source, until all of it has come back
	RefusalsReturn = time.Minute // how soon one more may be written
)

// The lengths of what somebody unknown has sent, of which the beginning is written down, in bytes.
const (
	MaxName   = 64
	MaxReason = 256
)

// Refusals counts the logins that are refused, and says which of them are written down.
type Refusals struct {
	mu      sync.Mutex
	left    int // that may be written
	since   time.Time
	sources map[netip.Prefix]int // that were written; bounded by RefusalsWhole
	more    int                  // that were not written and not told
}

// NewRefusals returns a counter that has counted none.
func NewRefusals(now time.Time) *Refusals {
	return &Refusals{left: RefusalsWhole, since: now, sources: map[netip.Prefix]int{}}
}

// Take says whether a refusal is written down; else it is counted.
func (r *Refusals) Take(from netip.Addr, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refill(now)
	source := sourceOf(from)
	if r.left == 0 || r.sources[source] >= RefusalsOf {
		r.more++
		return false
	}
	r.left--
	r.sources[source]++
	return true
}

// refill gives back what time has brought, to all and to each source. It is called with mu held.
func (r *Refusals) refill(now time.Time) {
	n := int(now.Sub(r.since) / RefusalsReturn)
	if n <= 0 {
		return
	}
	r.since = r.since.Add(time.Duration(n) * RefusalsReturn)
	r.left = min(RefusalsWhole, r.left+n)
	for source, written := range r.sources {
		if r.sources[source] = written - n; written <= n {
			delete(r.sources, source)
		}
	}
}

// Told returns the text about those that were not written down, and forgets them; empty: there
// were none.
func (r *Refusals) Told() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.more
	if r.more = 0; n == 0 {
		return ""
	}
	return fmt.Sprintf("%d more logins were refused", n)
}

// Cut returns the beginning of a text.
func Cut(text string, most int) string { return text[:min(len(text), most)] }
