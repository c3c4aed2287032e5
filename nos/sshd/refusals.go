// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// How many logins that are refused are written down one by one. All of them would let
// anybody on the network fill the audit log, which keeps a bounded number of records.
const (
	refusalsWhole  = 32          // at most, of all sources
	refusalsOf     = 4           // of them, of one source, until all of it has come back
	refusalsReturn = time.Minute // how soon one more may be written
)

// The lengths of what somebody unknown has sent, of which the beginning is written down, in bytes.
const (
	maxName   = 64
	maxReason = 256
)

// refusals counts the logins that are refused, and says which of them are written down.
type refusals struct {
	now     func() time.Time
	mu      sync.Mutex
	left    int // that may be written
	since   time.Time
	sources map[netip.Prefix]int // that were written; bounded by refusalsWhole
	more    int                  // that were not written and not told
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{now: now, left: refusalsWhole, since: now(), sources: map[netip.Prefix]int{}}
}

// take says whether a refusal is written down; else it is counted.
func (r *refusals) take(from netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refill()
	source := sourceOf(from)
	if r.left == 0 || r.sources[source] >= refusalsOf {
		r.more++
		return false
	}
	r.left--
	r.sources[source]++
	return true
}

// refill gives back what time has brought, to all and to each source. It is called with mu held.
func (r *refusals) refill() {
	n := int(r.now().Sub(r.since) / refusalsReturn)
	if n <= 0 {
		return
	}
	r.since = r.since.Add(time.Duration(n) * refusalsReturn)
	r.left = min(refusalsWhole, r.left+n)
	for source, written := range r.sources {
		if r.sources[source] = written - n; written <= n {
			delete(r.sources, source)
		}
	}
}

// told returns the text about those that were not written down, and forgets them; empty: there
// were none.
func (r *refusals) told() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.more
	if r.more = 0; n == 0 {
		return ""
	}
	return fmt.Sprintf("%d more logins were refused", n)
}

// cut returns the beginning of a text.
func cut(text string, most int) string { return text[:min(len(text), most)] }
