// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/wire/openflow"
)

// What bounds how many switches are asked at once for what they hold, so that the
// answers are looked at one after the other. One that says nothing for maxMute gives
// its turn back, and one that answers does after turnTime: so others wait for neither.
const (
	maxAsked = 64
	maxMute  = 250 * time.Millisecond
)

// maxSilence is how long a switch that is ready may take to begin with an answer, or to
// go on with it.
const maxSilence = 5 * time.Second

// asks holds one for each switch that has its turn.
type asks chan struct{}

func newAsks() asks { return make(asks, maxAsked) }

// wait waits for a turn, to be ended by over; nil: ctx was done before.
func (a asks) wait(ctx context.Context) *asking {
	if !enter(ctx, a) {
		return nil
	}
	t := &asking{end: sync.OnceFunc(func() { <-a })}
	t.lapse = time.AfterFunc(maxMute, t.end)
	return t
}

// asking is the turn of a switch, which is asked for one thing after another in it.
type asking struct {
	end   func() // once more does no harm
	lapse *time.Timer
	heard sync.Once
}

// over ends the turn.
func (t *asking) over() {
	t.lapse.Stop()
	t.end()
}

// hears notes that the switch answers.
func (t *asking) hears() { t.heard.Do(func() { t.lapse.Reset(turnTime) }) }

// dump is the Dump of a session whose switch has its turn, of as much as can be looked
// through. It ends also when nothing has come for some time.
func (t *asking) dump(ctx context.Context, s *session.Session, silence time.Duration, request openflow.Encoder, each func([]byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(silence, cancel)
	defer timer.Stop()
	return s.Dump(ctx, request, bounded(func(body []byte) error {
		t.hears()
		timer.Reset(silence)
		return each(body)
	}))
}

// askAll has all switches asked, each in its turn, and returns the chassis that are away
// or of which ask returned an error.
func (h *Hub) askAll(ctx context.Context, ask func(*datapath, *asking) error) (missing []linkspan.ChassisID) {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
	)
	misses := func(id linkspan.ChassisID) {
		mu.Lock()
		defer mu.Unlock()
		missing = append(missing, id)
	}
	for c := range h.View().AllChassis() {
		d := h.datapath(c.ID)
		var turn *asking
		if d != nil {
			turn = h.telling.wait(ctx)
		}
		if turn == nil {
			misses(c.ID)
			continue
		}
		group.Go(func() {
			defer turn.over()
			if ask(d, turn) != nil {
				misses(c.ID)
			}
		})
	}
	group.Wait()
	slices.Sort(missing)
	return missing
}
