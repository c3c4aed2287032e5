// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/registry/server"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// maxRequest is the greatest size of a request, in bytes.
const maxRequest = 256 << 10

// Config is what the API stands on; all fields are needed but Audit and Now.
type Config struct {
	Registry *server.Server
	Catalog  *catalog.Catalog
	Users    *account.Book
	Events   *Events
	Audit    func(audit.Entry)
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger
}

// Server serves the API of one registry.
type Server struct {
	Config
	mux *http.ServeMux
}

// New returns the server of an API.
func New(c Config) *Server {
	if c.Audit == nil {
		c.Audit = func(audit.Entry) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{Config: c, mux: http.NewServeMux()}
	options := []connect.HandlerOption{connect.WithInterceptors(door{s}), connect.WithReadMaxBytes(maxRequest)}
	s.mux.Handle(apiv1connect.NewRegistryServiceHandler(registryService{s}, options...))
	s.mux.Handle(apiv1connect.NewEventServiceHandler(eventService{s}, options...))
	return s
}

// Services returns the names of the services, as the first part of their paths has them.
func Services() []string {
	return []string{apiv1connect.RegistryServiceName, apiv1connect.EventServiceName}
}

// local is who calls on the local socket, which only root can open.
var local = account.Party{
	Identity: trust.Identity{Kind: trust.KindUser, Name: "root", Role: trust.RoleAdmin},
	Rights:   account.Rights{Everything: true},
}

type callerKey struct{}

type caller struct {
	account.Party
	from string // address; empty: the local socket
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// Local serves whoever opens the local socket, as an administrator.
func (s *Server) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, caller{Party: local})
	})
}

// Remote serves who logs in.
func (s *Server) Remote() http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		party, err := s.Registry.Who(r)
		if err != nil {
			if refusals.IsSupported(r) {
				_ = refusals.Write(w, r, api.ToRPC(err)) // who has gone need not hear it
				return
			}
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		s.serve(w, r, caller{party, r.RemoteAddr})
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, c caller) {
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
}

// door gives errors their codes, and has what was refused written down.
type door struct{ *Server }

var _ connect.Interceptor = door{}

// WrapUnary implements the interface.
func (d door) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, r)
		d.refused(ctx, r.Spec().Procedure, err)
		return resp, api.ToRPC(err)
	}
}

// WrapStreamingHandler implements the interface.
func (d door) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		err := next(ctx, conn)
		d.refused(ctx, conn.Spec().Procedure, err)
		return api.ToRPC(err)
	}
}

// WrapStreamingClient implements the interface; the server calls nobody.
func (door) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (d door) refused(ctx context.Context, procedure string, err error) {
	if linkspan.CodeOf(err) == linkspan.Permission {
		d.write(ctx, audit.Denied, procedure, err)
	}
}

// write has it written down what somebody did.
func (s *Server) write(ctx context.Context, kind audit.Kind, text string, err error) {
	c := callerOf(ctx)
	e := audit.Entry{Kind: kind, Who: c.Identity.Name, Role: string(c.Identity.Role), How: "api", From: c.from, Text: text}
	if err != nil {
		e.Error = err.Error()
	}
	s.Audit(e)
}

// done has a change written down, whether or not it could be made, and returns its error.
func (s *Server) done(ctx context.Context, text string, err error) error {
	s.write(ctx, audit.Call, text, err)
	return err
}

// allow returns nil when the caller may do the action.
func allow(ctx context.Context, action trust.Action) error {
	return trust.Allow(callerOf(ctx).Identity, action)
}

// registryService and eventService keep the methods of the two apart.
type registryService struct{ *Server }
type eventService struct{ *Server }

var (
	_ apiv1connect.RegistryServiceHandler = registryService{}
	_ apiv1connect.EventServiceHandler    = eventService{}
)
