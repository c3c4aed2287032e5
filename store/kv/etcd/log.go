// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// harmless is what etcd warns of at each start, or the first, and that is as it
// must be with a single member inside of this process.
var harmless = map[string]bool{
	"Running http and grpc server on single port. This is not recommended for production.": true,
	"simple token is not cryptographically signed":                                         true,
	"failed to update storage version":                                                     true,
}

// newLogger returns a logger as etcd wants it that writes to the one of the
// caller: warnings and errors only. What etcd calls fatal becomes a panic, so
// that it leaves a trace and, during the start, an error.
func newLogger(to *slog.Logger) *zap.Logger {
	return zap.New(&bridge{to: to}, zap.WithFatalHook(zapcore.WriteThenPanic))
}

// bridge is a zap core in front of slog.
type bridge struct{ to *slog.Logger }

var _ zapcore.Core = (*bridge)(nil)

// Enabled implements [zapcore.LevelEnabler].
func (b *bridge) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

// With implements [zapcore.Core].
func (b *bridge) With(fields []zapcore.Field) zapcore.Core {
	return &bridge{to: slog.New(b.to.Handler().WithAttrs(attributes(fields)))}
}

// Check implements [zapcore.Core].
func (b *bridge) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(entry.Level) {
		return checked.AddCore(entry, b)
	}
	return checked
}

// Write implements [zapcore.Core]. The message is etcd's, so it becomes an
// attribute, and ours stays constant.
func (b *bridge) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	level := slog.LevelWarn
	if harmless[entry.Message] {
		level = slog.LevelDebug
	} else if entry.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	attrs := append([]slog.Attr{slog.String("etcd_message", entry.Message)}, attributes(fields)...)
	b.to.LogAttrs(context.Background(), level, "etcd reports", attrs...)
	return nil
}

// Sync implements [zapcore.Core].
func (b *bridge) Sync() error { return nil }

func attributes(fields []zapcore.Field) []slog.Attr {
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range fields {
		field.AddTo(encoder)
	}
	attrs := make([]slog.Attr, 0, len(encoder.Fields))
	for _, name := range slices.Sorted(maps.Keys(encoder.Fields)) {
		attrs = append(attrs, slog.Any(strings.ReplaceAll(name, "-", "_"), encoder.Fields[name]))
	}
	return attrs
}
