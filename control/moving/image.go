// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// errStall ends an image that nobody gives or takes any more.
var errStall = &linkspan.Error{
	Code: linkspan.Unavailable, Message: "the image does not move any more", Hint: "see that dockerd answers on both hosts, and move it again",
}

// lastWord is how long a host has to tell what went wrong after the other has ended.
const lastWord = 10 * time.Second

// image has one host give what the other takes.
func (m *Mover) image(ctx context.Context, d *Drive) error {
	d.tell(string(Carrying), "carrying the image from "+d.record.FromName+" to "+d.record.ToName)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := newPipe()
	d.alter(func() { d.pipe = p })
	var both sync.WaitGroup
	var gave, took error
	var taken *apiv1.CarryAnswer
	var late [2]*time.Timer
	broken := func(err error) *time.Timer {
		p.Break(err)
		return time.AfterFunc(lastWord, func() { cancel(err) }) // by then the other host has told why, if it knows
	}
	both.Go(func() {
		_, gave = m.task(ctx, d.record.From, d, 0, &apiv1.CarryTask{What: &apiv1.CarryTask_Give{Give: &apiv1.CarryGive{Container: d.record.Container}}})
		if gave != nil {
			late[0] = broken(gave)
		}
	})
	both.Go(func() {
		taken, took = m.task(ctx, d.record.To, d, 0, &apiv1.CarryTask{What: &apiv1.CarryTask_Take{Take: &apiv1.CarryTake{Spec: d.spec}}})
		late[1] = broken(took) // also without an error: it needs no more of it
	})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		m.gauge(ctx, d, p, cancel)
	}()
	both.Wait()
	for _, timer := range late {
		if timer != nil {
			timer.Stop()
		}
	}
	cancel(nil)
	<-watched
	d.alter(func() { d.pipe = nil })
	switch {
	case took == nil:
		d.image = taken.GetImage()
		return nil
	case gave == nil || errors.Is(gave, took):
		return took
	case errors.Is(took, gave):
		return gave
	}
	return errors.Join(gave, took)
}

// gauge tells how far an image is, and ends what does not move at all. Before the first
// piece one dockerd gathers it, and after the last one the other unpacks it: both may
// take long, and nothing moves then.
func (m *Mover) gauge(ctx context.Context, d *Drive, p *Pipe, cancel context.CancelCauseFunc) {
	const often = 200 * time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	last, whole, since := uint64(0), false, time.Now()
	for {
		select {
		case <-ctx.Done():
			p.Break(context.Cause(ctx))
			return
		case <-tick.C:
		}
		now, patience := p.passed.Load(), m.cfg.Stall
		if now != last || p.ended() != whole {
			last, whole, since = now, p.ended(), time.Now()
			d.alter(func() { d.done = now })
		}
		if now == 0 || whole {
			patience = m.cfg.Busy
		}
		if time.Since(since) > patience {
			cancel(errStall)
		}
	}
}
