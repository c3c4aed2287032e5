// SPDX-License-Identifier: Apache-2.0

// Package syslog sends what the switch logs to syslog servers (RFC 5424) by UDP (RFC 5426), TCP
// with counted octets (RFC 6587, 3.4.1) or TLS (RFC 5425). It stands beside the log that the process
// has: a message goes there first, and to servers as they can be reached. Nobody who logs waits: of each
// server some messages wait, and when there are more they are lost, and counted.
//
// It is no server, keeps nothing on disk, and does not repeat what it was told before it had servers.
//
//	s := syslog.New(syslog.Options{App: "linkspan"})
//	log := slog.New(s.Beside(slog.NewTextHandler(os.Stderr, nil)))
//	go s.Run(ctx)
//	s.Send([]syslog.Server{{Address: "log.example.net:514", Protocol: "tls"}})
package syslog
