// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// facility is that of system daemons (RFC 5424, 6.2.1).
const facility = 3

// mostBytes is how long a message may be: what each receiver should take (RFC 5424, 6.1). What
// is longer is cut.
const mostBytes = 2048

// message is one before it is written.
type message struct {
	time  time.Time
	level slog.Level
	text  string
}

// severity returns that of a level (RFC 5424, 6.2.1).
func severity(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return 3
	case l >= slog.LevelWarn:
		return 4
	case l >= slog.LevelInfo:
		return 6
	}
	return 7
}

// format returns the message as it is sent (RFC 5424, 6): without structured data, as the
// text has the attributes.
func (m message) format(host, app string, pid int) []byte {
	stamp := m.time.UTC().Format("2006-01-02T15:04:05.000000Z")
	text := strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ").Replace(strings.ToValidUTF8(m.text, "?"))
	line := fmt.Sprintf("<%d>1 %s %s %s %d - - %s", facility*8+severity(m.level), stamp, word(host, 255), word(app, 48), pid, text)
	if len(line) > mostBytes {
		line = strings.ToValidUTF8(line[:mostBytes], "")
	}
	return []byte(line)
}

// word returns a field of the header: printable ASCII without blanks, "-" if there is nothing.
func word(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	if len(text) > most {
		text = text[:most]
	}
	if text == "" {
		return "-"
	}
	return text
}

// counted returns a message in a stream: its length goes before it (RFC 6587, 3.4.1).
func counted(line []byte) []byte { return fmt.Appendf(nil, "%d %s", len(line), line) }
