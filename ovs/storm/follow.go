// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"time"

	"github.com/linkspan/linkspan"
)

// follow keeps a fence around every port there is, and takes it from those that
// are no more.
func (w *Watch) follow(ctx context.Context) {
	present := make(map[string]bool)
	for _, p := range w.cfg.Ports() {
		present[p.Link] = true
		mine, ok := w.ports[p.Link]
		if ok && mine.Sandbox != p.Sandbox {
			w.leave(ctx, mine)
			ok = false
		}
		now := time.Now()
		if !ok {
			mine = &watched{seen: now}
			w.ports[p.Link] = mine
		}
		mine.Port = p
		if !mine.fenced && !now.Before(mine.retry) {
			w.fence(ctx, mine, now)
		}
	}
	for link, p := range w.ports {
		if !present[link] {
			w.leave(ctx, p)
			delete(w.ports, link)
		}
	}
}

// fence sets a port's fence, or goes on with the one that an earlier process
// left, and its limit.
func (w *Watch) fence(ctx context.Context, p *watched, now time.Time) {
	limit, counts, err := w.cfg.Fences.Get(ctx, p.Port)
	switch {
	case err == nil:
		p.anew(now)
		p.counts = counts
		p.judge.adopt(now, limit)
	case linkspan.CodeOf(err) == linkspan.NotFound:
		if err = w.cfg.Fences.Set(ctx, p.Port, Limit{}); err == nil {
			p.anew(now)
			p.judge.adopt(now, Limit{})
		}
	}
	p.trouble = ""
	if err == nil {
		return
	}
	waiting := linkspan.CodeOf(err) == linkspan.NotFound // Docker has yet to move it
	if !waiting {
		p.retry = now.Add(again)
	}
	if !waiting || now.Sub(p.seen) > moveLimit {
		p.trouble = err.Error()
	}
}

// leave takes a fence away where a container left a network; that of a container
// that ended is gone with its sandbox.
func (w *Watch) leave(ctx context.Context, p *watched) {
	if err := w.cfg.Fences.Remove(ctx, p.Port); err != nil {
		w.cfg.Log.Warn("a fence is not removed", "container", p.Container, "error", err)
	}
	for _, s := range p.states() {
		w.cfg.Log.Info("flood ends with its port", "container", p.Container, "port", p.Number, "kind", s.Kind)
	}
}
