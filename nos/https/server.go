// SPDX-License-Identifier: Apache-2.0

package https

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// The bounds of what anybody on the network can make the switch do.
const (
	loginTime  = 30 * time.Second // until somebody must have logged in
	headerTime = 10 * time.Second // for a handshake, and for the head of a request
	idleTime   = 2 * time.Minute  // without a request
	endTime    = 2 * time.Second  // for requests under way when the server ends
	maxHeader  = 16 << 10         // bytes
)

// Guard knows who may log in. *access.Guard is one.
type Guard interface {
	Password(ctx context.Context, name, typed string, from netip.Addr) (access.User, error)
}

var _ Guard = (*access.Guard)(nil)

// Options are what a server needs.
type Options struct {
	Key     tls.Certificate
	Guard   Guard
	Fabric  func() *trust.TLS // whose CA's certificates are taken; nil, or nil from it: none are
	Handler http.Handler      // of requests with their caller (rpc.WithCaller)
	Audit   rpc.Auditor       // nil: nothing is written down
	Log     *slog.Logger      // slog.Default if nil
}

// Server serves the API.
type Server struct {
	options  Options
	handler  http.Handler
	places   *crowd.Places
	refusals *crowd.Refusals
}

// New returns a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{options: o, places: crowd.NewPlaces(), refusals: crowd.NewRefusals(time.Now())}
	// A browser that has the password must not send what other sites tell it to.
	s.handler = http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serve))
	return s
}

// Serve serves until ctx ends, and closes the listener. Connections end with it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler: s.handler, Protocols: new(http.Protocols), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug), // anybody can cause these
		BaseContext: func(net.Listener) context.Context { return base }, ConnContext: withGuest,
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.tellNowAndThen(ctx)
		patience, cancel := context.WithTimeout(base, endTime)
		defer cancel()
		if server.Shutdown(patience) != nil {
			end()
			_ = server.Close() // all of it is closed
		}
		s.tellRefusals()
	}()
	err := server.Serve(tls.NewListener(entrance{l, s}, &tls.Config{
		MinVersion:         tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.tls() },
	}))
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}

// tls is how a connection is made: whether it may show a certificate depends on whether the
// switch is in a fabric by then.
func (s *Server) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}}
	if f := s.fabric(); f != nil {
		var err error
		if c, err = f.ServerConfig(); err != nil {
			return nil, err
		}
		c.GetCertificate = nil
	}
	c.Certificates = []tls.Certificate{s.options.Key}
	return c, nil
}

// fabric is whose certificates are taken, nil for nobody's.
func (s *Server) fabric() *trust.TLS {
	if s.options.Fabric == nil {
		return nil
	}
	f := s.options.Fabric()
	if f == nil || f.Keeper.KeyPair() == nil {
		return nil
	}
	return f
}

// tellNowAndThen tells refusals until ctx ends.
func (s *Server) tellNowAndThen(ctx context.Context) {
	again := time.NewTicker(crowd.RefusalsReturn)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			s.tellRefusals()
		}
	}
}

// tellRefusals writes down how many logins were refused that were not written down one by one.
func (s *Server) tellRefusals() {
	if text := s.refusals.Told(); text != "" {
		s.record(audit.Entry{Kind: audit.Denied, How: how, Text: text, Error: "there were too many to write each down"})
	}
}

// record writes something down; that it could not be is logged.
func (s *Server) record(e audit.Entry) {
	if s.options.Audit == nil {
		return
	}
	if _, err := s.options.Audit.Append(e); err != nil {
		s.options.Log.Error("the audit log cannot be written", slog.Any("error", err))
	}
}
