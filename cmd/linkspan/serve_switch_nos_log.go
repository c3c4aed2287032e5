// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"

	"github.com/linkspan/linkspan/nos/apply/system"
	"github.com/linkspan/linkspan/nos/syslog"
)

// nosLogging does with the role's log what is configured: its level, and the servers
// that get it, too. Nil does nothing.
type nosLogging struct {
	level   *slog.LevelVar
	started slog.Level // as the process was started
	sender  *syslog.Sender
}

var _ system.Logger = (*nosLogging)(nil)

// beside returns the log with the servers beside it.
func (l *logging) beside(log *slog.Logger) (*nosLogging, *slog.Logger) {
	to := &nosLogging{&l.level, l.level.Level(), syslog.New(syslog.Options{App: "linkspan", Log: log})}
	return to, slog.New(to.sender.Beside(log.Handler()))
}

// Log is called at each commit that changes what is configured.
func (n *nosLogging) Log(to system.Logging) {
	if n == nil {
		return
	}
	level, ok := to.SlogLevel()
	if !ok {
		level = n.started
	}
	n.level.Set(level)
	var servers []syslog.Server
	for _, r := range to.Remotes {
		servers = append(servers, syslog.Server(r))
	}
	n.sender.Send(servers)
}

// Run sends until ctx ends.
func (n *nosLogging) Run(ctx context.Context) error {
	if n == nil {
		<-ctx.Done()
		return nil
	}
	return n.sender.Run(ctx)
}

// servers returns a log that goes to the servers alone, whatever the level is.
func (n *nosLogging) servers() *slog.Logger {
	if n == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(n.sender.Alone())
}
