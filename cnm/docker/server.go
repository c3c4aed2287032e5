// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/linkspan/linkspan/cnm"
)

// The times of a server.
const (
	// DefaultLimit is how long one call may take. Docker gives managed plugins
	// 30 seconds, and waits for others for ever.
	DefaultLimit = 25 * time.Second
	readLimit    = 10 * time.Second // to read a request
	stopReserve  = 2 * time.Second  // beyond the limit of a call, to stop
)

// Options is what a [Server] is made of.
type Options struct {
	Controller *cnm.Controller
	Name       string // that people type after -d
	Driver     string // key of the driver in the controller's table
	// IPAM is the key of the IPAM in the controller's table, whose pools the
	// driver's networks must have; empty: those of any IPAM driver will do.
	IPAM string
	// IPAMName is what people type after --ipam-driver, where another socket
	// serves that; empty: this one does, under Name.
	IPAMName string
	IPv6     bool // the driver has IPv6
	IPv4     bool // its networks need IPv4, with IPv6 or without
	// OneHost says that networks do not reach beyond this host.
	OneHost bool
	// OwnWayOut says that the driver's networks have a way out, or shall have
	// none: Docker adds no interface of its own to their containers.
	OwnWayOut bool
	// Swarm keeps the books of the swarm's manager, where the driver's networks
	// are those of a whole swarm; nil: they are of one dockerd each.
	Swarm Swarm
	Log   *slog.Logger  // nil: nobody is told
	Limit time.Duration // of one call; 0: DefaultLimit
	// Observe gets each call after its end: its operation, as in
	// NetworkDriver.Join, and ok or error; nil: nobody.
	Observe func(operation, result string, took time.Duration)
}

// Server answers Docker's calls. Calls run concurrently.
type Server struct {
	options Options
	calls   map[string]call
}

var _ http.Handler = (*Server)(nil)

// New returns a server.
func New(options Options) *Server {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Limit == 0 {
		options.Limit = DefaultLimit
	}
	if options.Observe == nil {
		options.Observe = func(string, string, time.Duration) {}
	}
	s := &Server{options: options}
	if options.IPAM != "" && options.IPAMName == "" {
		s.options.IPAMName = options.Name
	}
	s.calls = s.table()
	return s
}

// Serve answers until ctx ends, waits for the calls under way, closes the
// listener and returns nil; or it returns why it cannot go on.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return serve(ctx, s, listener, s.options.Limit, s.options.Log)
}

// serve gives calls under way, when ctx ends, as long as one may take.
func serve(ctx context.Context, handler http.Handler, listener net.Listener, limit time.Duration, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readLimit,
		ReadTimeout:       readLimit,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit+stopReserve)
	defer cancel()
	err := server.Shutdown(stop)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
