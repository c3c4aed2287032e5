// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
)

// Beside returns a handler that gives all to next, and to the servers what next takes.
func (s *Sender) Beside(next slog.Handler) slog.Handler {
	w := &writer{}
	text := slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug - 100, ReplaceAttr: bare})
	return &handler{s, next, text, w}
}

// Alone returns a handler that gives all to the servers, whatever its level, and to nobody else.
func (s *Sender) Alone() slog.Handler { return s.Beside(nowhere{}) }

// nowhere takes all and does nothing with it.
type nowhere struct{}

func (nowhere) Enabled(context.Context, slog.Level) bool  { return true }
func (nowhere) Handle(context.Context, slog.Record) error { return nil }
func (n nowhere) WithAttrs([]slog.Attr) slog.Handler      { return n }
func (n nowhere) WithGroup(string) slog.Handler           { return n }

// bare leaves out what the header of a message has.
func bare(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
		return slog.Attr{}
	}
	return a
}

// writer has the text of one record.
type writer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (w *writer) Write(p []byte) (int, error) { return w.buffer.Write(p) }

// handler is one of slog's: text, which writes to writer, has the same attributes as next.
type handler struct {
	sender *Sender
	next   slog.Handler
	text   slog.Handler
	writer *writer
}

var _ slog.Handler = (*handler)(nil)

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.next.Handle(ctx, r)
	if !h.sender.busy() {
		return err
	}
	h.writer.mu.Lock()
	h.writer.buffer.Reset()
	wrong := h.text.Handle(ctx, r)
	line := strings.TrimSuffix(h.writer.buffer.String(), "\n")
	h.writer.mu.Unlock()
	h.sender.send(message{r.Time, r.Level, line})
	return errors.Join(err, wrong)
}

func (h *handler) WithAttrs(a []slog.Attr) slog.Handler {
	return &handler{h.sender, h.next.WithAttrs(a), h.text.WithAttrs(a), h.writer}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.sender, h.next.WithGroup(name), h.text.WithGroup(name), h.writer}
}
