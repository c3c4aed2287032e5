// SPDX-License-Identifier: Apache-2.0

package system

import (
	"fmt"
	"log/slog"
	"net"
	"slices"

	"github.com/linkspan/linkspan/nos/tree"
)

// Logger is told what is logged, and to whom it is sent, at each commit that changes it.
type Logger interface {
	Log(to Logging)
}

// Logging is what is configured of it.
type Logging struct {
	Level   string // debug, info, warn or error; empty: as the process was started
	Remotes []Remote
}

// Remote is a syslog server.
type Remote struct {
	Address  string // host:port
	Protocol string // udp, tcp or tls
}

func loggingOf(t *tree.Tree) Logging {
	if t == nil {
		return Logging{}
	}
	n := t.Root().Child("system").Child("logging")
	l := Logging{Level: n.Child("level").Value()}
	for e := range n.Child("remote").Entries() {
		l.Remotes = append(l.Remotes, Remote{net.JoinHostPort(e.Key()[0], e.Get("port")), e.Get("protocol")})
	}
	return l
}

func (l Logging) same(o Logging) bool {
	return l.Level == o.Level && slices.Equal(l.Remotes, o.Remotes)
}

// SlogLevel returns the level; not ok if none is configured.
func (l Logging) SlogLevel() (level slog.Level, ok bool) {
	return level, l.Level != "" && level.UnmarshalText([]byte(l.Level)) == nil
}

func (l Logging) String() string {
	level := l.Level
	if level == "" {
		level = "as started"
	}
	return fmt.Sprintf("log: level %s, %d remote servers", level, len(l.Remotes))
}
