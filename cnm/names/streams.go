// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"errors"
	"net"
	"time"
)

// streamIdle is how long a connection may be silent (RFC 7766, section 6.2.3).
const streamIdle = 10 * time.Second

// serveStreams answers what comes by TCP.
func (w *Window) serveStreams(ctx context.Context) {
	for {
		conn, err := w.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			pause(ctx, time.Second/10) // such as too many open files
			continue
		}
		if !enter(w.connections) {
			_ = conn.Close() // who asked will ask again
			continue
		}
		w.running.Go(func() {
			defer func() { <-w.connections }()
			w.answerStream(ctx, conn)
		})
	}
}

// answerStream answers one message after the other until the asker ends it.
func (w *Window) answerStream(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for {
		if conn.SetDeadline(time.Now().Add(streamIdle)) != nil {
			return
		}
		message, err := readMessage(conn)
		if err != nil {
			return
		}
		reply := w.answer(ctx, message, true, w.askBeyondByStream)
		if reply == nil || conn.SetDeadline(time.Now().Add(streamIdle)) != nil || writeMessage(conn, reply) != nil {
			return
		}
	}
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
