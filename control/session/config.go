// SPDX-License-Identifier: Apache-2.0

package session

import (
	"log/slog"
	"time"
)

// Config says how a session behaves. The zero value of each field stands for
// its default.
type Config struct {
	// Generation is the master's generation (OpenFlow 1.3.5, 6.3.4): the
	// store's revision at which this controller became the owner.
	Generation uint64
	// HandshakeTime is how long the handshake may take; 5 s.
	HandshakeTime time.Duration
	// ProbeTime is the time between two echo requests; 5 s. DeadTime without
	// an echo reply ends the session; 15 s.
	ProbeTime, DeadTime time.Duration
	// ReplyTime is how long a barrier may take before it counts as failed; 2 s.
	ReplyTime time.Duration
	// Buffer is how many bytes may wait to be written before the switch counts
	// as stalled and the session ends; 64 MiB.
	Buffer int
	// Log gets what is odd but harmless; nil: nowhere.
	Log *slog.Logger
}

func (c *Config) applyDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.HandshakeTime, 5 * time.Second}, {&c.ProbeTime, 5 * time.Second},
		{&c.DeadTime, 15 * time.Second}, {&c.ReplyTime, 2 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Buffer == 0 {
		c.Buffer = 64 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}
