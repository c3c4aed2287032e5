// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// datapath is a chassis as far as its session goes.
type datapath struct {
	hub     *Hub
	id      linkspan.ChassisID
	session *session.Session
	number  uint64 // later connections have greater ones
	since   time.Time
	remote  string

	unchecked bool // the datapath id was believed; see Peer

	round  pipeline.Round            // of this session; set before ready
	meters map[uint32]pipeline.Meter // that the switch has; under the Hub's update
	ready  atomic.Bool               // the switch is as the View says
	// tracks: the switch was given flows of tracked pairs, so that it may know their
	// connections; flushes: it can be told to forget connections.
	tracks, flushes atomic.Bool

	// Used by the session's reader alone, so that nothing is allocated.
	in       openflow.PacketIn
	parsed   packet.Packet
	packet   decide.Packet
	decision decide.Decision
	// unplaced: connection tracking let the packet go without a word, as it does with
	// fragments whose packet never came whole.
	unplaced bool

	allowance allowance  // of packets
	expired   bucket     // of answers that other chassis cause
	rejected  rejections // of answers to what policies reject

	refused refusals
	plugs   plugs
	owed    owed
	behind  behind
	ending  ending
	errands errands
	lately  lately
}

var _ session.Handler = (*datapath)(nil)

// holds says whether a decision made on v may still be acted on. To be asked
// between Begin and End of the session that is to act.
func (h *Hub) holds(v *view.View, d *decide.Decision) bool {
	now := h.view.Load()
	return now == v || d.Holds(now)
}

// maxKinds is how many kinds of refusals of one session are logged.
const maxKinds = 32

// refusals keeps what a switch refused: during set-up that is the end of the
// session, afterwards each kind is logged once.
type refusals struct {
	mu    sync.Mutex
	first error
	kinds map[string]bool
}

// note keeps e and says whether it is the first of one of its first maxKinds
// kinds.
func (r *refusals) note(e *openflow.ErrorMessage) (first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := e.Error()
	if r.first == nil {
		r.first = &linkspan.Error{Code: linkspan.Internal, Message: "the switch refuses a message: " + text}
	}
	if r.kinds == nil {
		r.kinds = make(map[string]bool)
	}
	if r.kinds[text] || len(r.kinds) >= maxKinds {
		return false
	}
	r.kinds[text] = true
	return true
}

func (r *refusals) error() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

// Refused counts what the switch refused. A session that is not master any more
// is of no use and ends.
func (d *datapath) Refused(e *openflow.ErrorMessage) {
	if e.Type == openflow.ErrorBadRequest && e.Code == openflow.CodeIsSlave {
		d.session.Fail(&linkspan.Error{Code: linkspan.Conflict, Message: "another connection became the switch's master"})
		return
	}
	d.hub.counters.Refused.Add(1)
	if d.refused.note(e) {
		d.hub.cfg.Log.Warn("switch refused a message", "chassis", d.id, "error", e.Error())
	}
}
