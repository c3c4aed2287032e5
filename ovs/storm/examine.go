// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"fmt"
	"time"

	"github.com/linkspan/linkspan"
)

// glance reads what a fence held, and sets it again when somebody took its limit
// away.
func (w *Watch) glance(ctx context.Context, p *watched) {
	limit, counts, err := w.cfg.Fences.Get(ctx, p.Port)
	now := time.Now()
	if err == nil && limit.Any() != p.judge.limit.Any() || linkspan.CodeOf(err) == linkspan.NotFound {
		if w.set(ctx, p) {
			w.cfg.Log.Warn("a fence was changed by another", "container", p.Container, "port", p.Number)
		}
		return
	}
	if p.trouble = ""; err != nil {
		p.trouble = err.Error()
		return
	}
	for _, kind := range p.take(now, counts) {
		w.tell(p, kind)
	}
}

// examine asks the bridge about ports, and judges.
func (w *Watch) examine(ctx context.Context, suspects []*watched) error {
	ports := make([]Port, len(suspects))
	for i, p := range suspects {
		ports[i] = p.Port
	}
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	readings, err := w.cfg.Traffic.Read(limited, ports)
	if err != nil {
		return err
	}
	now := time.Now()
	for i, p := range suspects {
		p.looked = now
		l := look{at: now, Reading: readings[i]}
		if p.judge.limit.Any() {
			if _, l.Counts, err = w.cfg.Fences.Get(ctx, p.Port); err != nil {
				continue // the next glance tells
			}
		}
		w.judge(ctx, p, l)
	}
	return nil
}

func (w *Watch) judge(ctx context.Context, p *watched, l look) {
	was := p.judge.on
	s := p.looks.add(l)
	if s == nil || !p.judge.next(l.at, s) {
		return
	}
	switch {
	case !w.set(ctx, p):
	case p.judge.on != was:
		w.tell(p, IPv4)
	default:
		w.cfg.Log.Info("limit is changed", "container", p.Container, "port", p.Number, "limit", p.judge.limit.String())
	}
}

// set sets the fence of a port as it was judged; ok is false when that fails, and
// what is there is taken up again.
func (w *Watch) set(ctx context.Context, p *watched) (ok bool) {
	now := time.Now()
	err := w.cfg.Fences.Set(ctx, p.Port, p.judge.limit)
	if p.anew(now); err != nil {
		p.fenced, p.retry, p.trouble = false, now.Add(again), err.Error()
	}
	return err == nil
}

// tell reports that a flood began or ended.
func (w *Watch) tell(p *watched, kind Kind) {
	s := p.state(kind)
	event := linkspan.Event{
		Kind: linkspan.EndpointReleased, Subject: p.Container,
		Message: fmt.Sprintf("the flood (%s) on port %d is over", kind, p.Number),
	}
	if p.spell(kind).on {
		event.Kind = linkspan.EndpointLimited
		event.Message = s.String()
	}
	w.cfg.Log.Info("flood", "event", event.Kind, "container", p.Container, "message", event.Message)
	w.cfg.Report(event)
}
