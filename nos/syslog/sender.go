// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
)

// Options are what a sender needs.
type Options struct {
	App      string                 // name of the program in messages
	Hostname func() (string, error) // os.Hostname if nil; asked for each connection
	Roots    *x509.CertPool         // who may vouch for servers; nil: whom the host trusts
	Log      *slog.Logger           // told of servers that cannot be reached; it must not be beside this sender. Nobody is if nil
}

// Server is a syslog server.
type Server struct {
	Address  string // host:port
	Protocol string // udp, tcp or tls
}

// Sender sends messages to servers. Any number of goroutines may use it.
type Sender struct {
	options Options
	changed chan struct{} // there are other servers

	mu     sync.Mutex
	queues map[Server]*queue
}

// New returns a sender without servers.
func New(o Options) *Sender {
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Sender{options: o, changed: make(chan struct{}, 1), queues: map[Server]*queue{}}
}

// Send sends to these servers from now on. What waits for servers that stay goes on waiting.
func (s *Sender) Send(servers []Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queues := map[Server]*queue{}
	for _, to := range servers {
		if queues[to] = s.queues[to]; queues[to] == nil {
			queues[to] = &queue{messages: make(chan message, waiting)}
		}
	}
	s.queues = queues
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// waiting is how many messages wait for a server.
const waiting = 1024

// queue is what waits for a server.
type queue struct {
	messages chan message
	mu       sync.Mutex
	lost     int
}

// busy says whether there is anybody to send to.
func (s *Sender) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queues) > 0
}

func (s *Sender) send(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		select {
		case q.messages <- m:
		default:
			q.mu.Lock()
			q.lost++
			q.mu.Unlock()
		}
	}
}

// takeLost returns how many messages were lost since it was last asked.
func (q *queue) takeLost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.lost
	q.lost = 0
	return n
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	stop := map[*queue]context.CancelFunc{} // a server that went and came has another queue
	for {
		s.mu.Lock()
		queues := s.queues // Send makes another map
		s.mu.Unlock()
		for q, end := range stop {
			if !slices.Contains(slices.Collect(maps.Values(queues)), q) {
				end()
				delete(stop, q)
			}
		}
		for to, q := range queues {
			if stop[q] == nil {
				own, end := context.WithCancel(ctx)
				stop[q] = end
				sending.Go(func() { s.serve(own, to, q) })
			}
		}
		select {
		case <-ctx.Done():
			for _, end := range stop {
				end()
			}
			return nil
		case <-s.changed:
		}
	}
}

// tls returns how a server proves that it is the one that is configured.
func (s *Sender) tls() *tls.Config {
	return &tls.Config{RootCAs: s.options.Roots, MinVersion: tls.VersionTLS12}
}
