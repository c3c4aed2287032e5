// SPDX-License-Identifier: Apache-2.0

// Package session keeps one OpenFlow connection to one datapath: handshake,
// probes, requests with their replies, and an out-buffer into which any number
// of goroutines may append without waiting for the switch. It decides nothing
// and knows no flow; what a switch sends up goes to a Handler.
//
//	s := session.New(conn, session.Config{Generation: revision, Log: log})
//	if _, err := s.Handshake(ctx, check); err != nil { ... }
//	err := s.Run(ctx, handler) // until the connection ends
//
// Messages leave in the order they were appended. The session reads ahead: it
// hands all messages that are already here to the Handler before it writes
// their answers in one go.
package session
