// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// How long a server may take, and how long it is left alone when it could not be reached.
const (
	writeTime  = 10 * time.Second
	firstAgain = 500 * time.Millisecond
	lastAgain  = 30 * time.Second
)

// serve sends to one server until ctx ends.
func (s *Sender) serve(ctx context.Context, to Server, q *queue) {
	var next *message // that could not be sent
	for wait := firstAgain; ctx.Err() == nil; wait = min(2*wait, lastAgain) {
		start := time.Now()
		err := s.connected(ctx, to, q, &next)
		if ctx.Err() != nil {
			return
		}
		if time.Since(start) > lastAgain {
			wait = firstAgain
		}
		s.options.Log.Warn("messages wait for a syslog server", slog.String("server", to.Address), slog.String("protocol", to.Protocol), slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// connected sends on one connection until that fails or ctx ends.
func (s *Sender) connected(ctx context.Context, to Server, q *queue, next **message) error {
	conn, err := s.dial(ctx, to)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	defer watching.Wait()
	defer conn.Close()
	if to.Protocol != "udp" {
		watching.Go(func() { // a server says nothing: what comes is its end
			_, _ = io.Copy(io.Discard, conn)
			close(ended)
		})
	}
	host, err := s.options.Hostname()
	if err != nil {
		return err
	}
	for {
		if *next == nil {
			select {
			case <-ctx.Done():
				return nil
			case <-ended:
				return errors.New("the server has closed the connection")
			case m := <-q.messages:
				*next = &m
			}
		}
		if lost := q.takeLost(); lost > 0 {
			note := message{time.Now(), slog.LevelWarn, fmt.Sprintf("msg=%q lost=%d", "messages were lost", lost)}
			if err := s.write(conn, to, note, host); err != nil {
				return err
			}
		}
		if err := s.write(conn, to, **next, host); err != nil {
			return err
		}
		*next = nil
	}
}

func (s *Sender) write(conn net.Conn, to Server, m message, host string) error {
	line := m.format(host, s.options.App, os.Getpid())
	if to.Protocol != "udp" {
		line = counted(line)
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := conn.Write(line)
	return err
}

func (s *Sender) dial(ctx context.Context, to Server) (net.Conn, error) {
	short, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	switch to.Protocol {
	case "udp", "tcp":
		return new(net.Dialer).DialContext(short, to.Protocol, to.Address)
	case "tls":
		return (&tls.Dialer{Config: s.tls()}).DialContext(short, "tcp", to.Address)
	}
	return nil, fmt.Errorf("there is no protocol %q for syslog", to.Protocol)
}
