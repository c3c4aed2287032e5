// SPDX-License-Identifier: Apache-2.0

package direct

import "time"

// How a path is probed. A proved path is given up after one interval and
// maxMisses*patience, which is a few seconds.
const (
	patience  = 500 * time.Millisecond // for an answer
	maxMisses = 4                      // in a row: the path is lost
	minHits   = 3                      // in a row: the path is proved
	quickly   = 20 * time.Millisecond  // between tries until it is proved
	interval  = 2 * time.Second        // between probes of a proved path
	perPeer   = 20 * time.Millisecond  // more for each peer, so that many do not flood
	firstWait = time.Second            // after a loss; doubled until lastWait
	lastWait  = 30 * time.Second
)

// state is what is known of a path.
type state uint8

const (
	unknown state = iota
	proved
	lost
)

// path is what is known of the way to one peer. Its methods are pure but for
// their receiver.
type path struct {
	state  state
	nonce  uint64 // of the try that waits for its answer; 0: none does
	hits   int    // answers in a row
	misses int    // tries in a row without one
	due    time.Time
	wait   time.Duration // after a loss
}

// try begins a try under a nonce if it is time, after counting the one before as
// missed. It says whether a request must be sent, and whether the state changed.
func (p *path) try(now time.Time, nonce uint64) (send, changed bool) {
	if now.Before(p.due) {
		return false, false
	}
	if p.nonce != 0 {
		changed = p.miss(now)
		if p.state == lost && now.Before(p.due) {
			return false, changed
		}
	}
	p.nonce, p.due = nonce, now.Add(patience)
	return true, changed
}

// miss counts a try without an answer.
func (p *path) miss(now time.Time) (changed bool) {
	p.nonce, p.hits = 0, 0
	p.misses++
	if p.misses < maxMisses && p.state != lost {
		return false
	}
	changed = p.state != lost
	p.state = lost
	p.wait = min(max(2*p.wait, firstWait), lastWait)
	p.due = now.Add(p.wait)
	return changed
}

// hit takes an answer; pause is how long a proved path is left alone.
func (p *path) hit(now time.Time, nonce uint64, pause time.Duration) (changed bool) {
	if nonce != p.nonce || nonce == 0 {
		return false
	}
	p.nonce, p.misses = 0, 0
	p.hits++
	if p.hits < minHits && p.state != proved {
		p.due = now.Add(quickly)
		return false
	}
	changed = p.state != proved
	p.state, p.wait, p.due = proved, 0, now.Add(pause)
	return changed
}

// heard takes a sign of life of the peer: a path that is not proved is tried at
// once, unless a try is under way.
func (p *path) heard(now time.Time) {
	if p.state != proved && p.nonce == 0 {
		p.due = now
	}
}
