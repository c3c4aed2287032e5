// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// Hub is what tells of routes; see [control.Hub].
type Hub interface {
	Watch() *control.Watcher
	View() *view.View
}

var _ Hub = (*control.Hub)(nil)

// Config is what a log works with; all fields are needed.
type Config struct {
	Hub Hub
	Out io.Writer    // gets whole lines, one write for several of them
	Log *slog.Logger // is told when Out fails
}

// Log writes lines. Run may be called once; the other methods concurrently.
type Log struct {
	cfg    Config
	gone   gone
	halves halves
	batch  bytes.Buffer
	count  uint64 // lines in batch
	ill    bool   // the last write failed

	written, lost, failed atomic.Uint64
}

// New returns a log; nothing is written before Run.
func New(cfg Config) *Log {
	return &Log{cfg: cfg, halves: halves{by: make(map[pair]Line)}}
}

// Counts returns how many lines were written, how many events were lost because
// they came too fast, and how many lines could not be written.
func (l *Log) Counts() (written, lost, failed uint64) {
	return l.written.Load(), l.lost.Load(), l.failed.Load()
}

// Run writes until ctx ends, then what is left, and returns the context's error.
func (l *Log) Run(ctx context.Context) error {
	w := l.cfg.Hub.Watch()
	defer w.Close()
	for ctx.Err() == nil {
		l.step(ctx, w)
	}
	for _, half := range l.halves.take(func(Line) bool { return true }) {
		l.add(half)
	}
	l.flush()
	return ctx.Err()
}

// step writes what happened since the last one, and what has waited enough.
func (l *Log) step(ctx context.Context, w *control.Watcher) {
	ctx, cancel := context.WithTimeout(ctx, apart/4)
	defer cancel()
	events, lost, err := w.Next(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	l.lost.Add(uint64(lost))
	for i := range events {
		l.take(&events[i])
	}
	before := time.Now().Add(-apart)
	for _, half := range l.halves.take(func(h Line) bool { return h.Time.Before(before) }) {
		l.add(half)
	}
	l.flush()
}

// take turns an event into a line, or half of one.
func (l *Log) take(e *control.RouteEvent) {
	switch e.Kind {
	case control.Denied:
		line := l.line(e)
		line.Verdict = "deny"
		if e.Rejected {
			line.Verdict = "reject"
		}
		l.add(line)
	case control.Plugged:
		if !e.Log {
			return
		}
		line := l.line(e)
		line.Verdict, line.Opened = "allow", true
		l.add(line)
	case control.Unplugged:
		line := l.line(e)
		line.Verdict = "allow"
		for _, whole := range l.halves.join(pairOf(e), line) {
			l.add(whole)
		}
	}
}

func (l *Log) line(e *control.RouteEvent) Line {
	v := l.cfg.Hub.View()
	line := Line{
		Time: e.Time.UTC(), Network: l.gone.network(v, e.Network), Reason: e.Reason,
		From: e.From, FromName: l.gone.endpoint(v, e, e.Network, e.From),
		To: e.To, ToName: l.gone.endpoint(v, e, e.ToNetwork, e.To),
		Chassis: []string{v.ChassisName(e.Chassis)},
		Packets: e.Packets, Bytes: e.Bytes, Duration: e.Duration.Seconds(),
	}
	if e.ToNetwork != e.Network {
		line.ToNetwork = l.gone.network(v, e.ToNetwork)
	}
	line.Policy, line.Tracked = e.Policy, e.Tracked
	if e.Protocol != 0 {
		line.Protocol = linkspan.ProtocolName(e.Protocol)
	}
	if linkspan.Ported(e.Protocol) || linkspan.Typed(e.Protocol) {
		line.Port = &e.Port
	}
	return line
}

func (l *Log) add(line Line) {
	// A line has strings and numbers only, and a buffer never fails.
	_ = json.NewEncoder(&l.batch).Encode(line)
	l.count++
}

// flush writes the batch. It says once that writing fails, not for each line.
func (l *Log) flush() {
	if l.count == 0 {
		return
	}
	_, err := l.cfg.Out.Write(l.batch.Bytes())
	if err != nil {
		l.failed.Add(l.count)
	} else {
		l.written.Add(l.count)
	}
	if err != nil && !l.ill {
		l.cfg.Log.Warn("flow log cannot be written", "error", err)
	}
	l.ill = err != nil
	l.batch.Reset()
	l.count = 0
}
