// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/nos/apply/system"
	"github.com/linkspan/linkspan/trust/audit"
)

// Servers get every record of the audit log once, whatever else is logged, and what holds
// the records is not what is cut off.
func TestServersGetEveryRecord(t *testing.T) {
	for _, level := range []string{"error", "info"} {
		t.Run(level, func(t *testing.T) {
			l, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var own logging
			to, log := own.beside(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: &own.level})))
			s := &switchRole{log: log, logging: to}
			to.Log(system.Logging{Level: level, Remotes: []system.Remote{{Address: l.LocalAddr().String(), Protocol: "udp"}}})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- to.Run(ctx) }()
			defer func() { cancel(); <-ended }()
			if err := l.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			for number := uint64(1); number <= 2; number++ {
				r := audit.Record{Number: number, Hash: audit.Hash{7}, Entry: audit.Entry{Kind: audit.Denied, Error: strings.Repeat("\n", 2000)}}
				s.logRecord(r)
				buffer := make([]byte, 4096)
				n, _, err := l.ReadFrom(buffer)
				if err != nil {
					t.Fatal(err)
				}
				if text := string(buffer[:n]); !strings.Contains(text, r.Hash.String()) || !strings.Contains(text, "number="+map[uint64]string{1: "1", 2: "2"}[number]) {
					t.Errorf("%q", text)
				}
			}
		})
	}
}
