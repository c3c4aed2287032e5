// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/complete"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/show/kernel"
	"github.com/linkspan/linkspan/nos/tool"
	"github.com/linkspan/linkspan/nos/tree"
)

// maxRequest is the greatest size of a request: a configuration of the greatest size in JSON.
const maxRequest = tree.MaxText*4/3 + 64<<10

// Options are what a server needs.
type Options struct {
	Manager *config.Manager
	Shows   *show.Catalogue
	Again   func(access.User) (access.User, error) // who a user is now; see access.Guard
	Audit   Auditor                                // nil: nothing is written down
	Attach  Attacher                               // nil: nothing can be attached to
	Serve   apiv1connect.ServiceServiceHandler     // services in containers; nil: there are none
	Log     *slog.Logger                           // slog.Default if nil
	Now     func() time.Time                       // time.Now if nil

	AskAgain time.Duration // how often it is asked whether who is in a call that lasts still may; 0: 15 s

	Hostname   func() (string, error)                                             // os.Hostname if nil; where none is configured
	Counters   func(context.Context) ([]kernel.Counter, error)                    // kernel.Counters if nil
	Interfaces func(context.Context) []string                                     // kernel.Names if nil
	Run        func(context.Context, tool.Command, func(line string) error) error // tool.Run if nil
}

// Server serves these services. Its methods may be called by any number of goroutines.
type Server struct {
	options  Options
	sessions *sessions
	budgets  *budgets
	deaf     atomic.Bool // the audit log could not be written the last time
}

// New returns a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	if o.Counters == nil {
		o.Counters = kernel.Counters
	}
	if o.Interfaces == nil {
		o.Interfaces = kernel.Names
	}
	if o.Run == nil {
		o.Run = tool.Run
	}
	if o.AskAgain == 0 {
		o.AskAgain = lifeSign
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Again == nil {
		o.Again = func(u access.User) (access.User, error) { return u, nil }
	}
	s := &Server{options: o, sessions: newSessions(o.Manager)}
	s.budgets = newBudgets(o.Now)
	return s
}

// Services returns the names of the services that [Server.Mount] mounts.
func Services() []string {
	return []string{apiv1connect.ConfigServiceName, apiv1connect.OperateServiceName, apiv1connect.ServiceServiceName}
}

// Mount adds the services to a mux. Requests must come with [WithCaller].
func (s *Server) Mount(mux *http.ServeMux) {
	options := []connect.HandlerOption{connect.WithInterceptors(door{s}), connect.WithReadMaxBytes(maxRequest)}
	mux.Handle(apiv1connect.NewConfigServiceHandler(configService{s}, options...))
	mux.Handle(apiv1connect.NewOperateServiceHandler(operateService{s}, options...))
	if s.options.Serve != nil {
		mux.Handle(apiv1connect.NewServiceServiceHandler(s.options.Serve, options...))
	}
}

// configService and operateService keep the methods of the two apart.
type configService struct{ *Server }
type operateService struct{ *Server }

var (
	_ apiv1connect.ConfigServiceHandler  = configService{}
	_ apiv1connect.OperateServiceHandler = operateService{}
)

// live tells completion what the host has.
type live struct {
	ctx    context.Context //nolint:containedctx // of one call, which it does not outlive
	server *Server
}

var _ complete.Live = live{}

// Values implements the interface.
func (l live) Values(typ string) []string {
	if typ == "interface" {
		return l.server.options.Interfaces(l.ctx)
	}
	return nil
}
