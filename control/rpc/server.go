// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/address"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/moving"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// Hub is what the API asks of the sessions; see [control.Hub].
type Hub interface {
	View() *view.View
	Connected(linkspan.ChassisID) (control.Info, bool)
	Disconnect(id linkspan.ChassisID, reason string) bool
	Routes(context.Context, control.Filter) ([]linkspan.Route, []linkspan.ChassisID)
	Watch() *control.Watcher
	PolicyUse(context.Context) (map[linkspan.PolicyID]control.PolicyUse, []linkspan.ChassisID)
	Between(v *view.View, from, to *linkspan.Endpoint) decide.Decision
	Beyond(v *view.View, e *linkspan.Endpoint, a netip.Addr, comes bool) decide.Decision
	Trail(context.Context, *linkspan.Endpoint, netip.Prefix) ([]control.TrailFlow, error)
	Probe(context.Context, control.Probe) (*control.ProbeReport, error)
}

var _ Hub = (*control.Hub)(nil)

// Config is what the API of a controller stands on; all fields but OpenFlow and Observe are needed.
type Config struct {
	Store     *store.Store
	Addresses *address.Allocator
	CA        *trust.CA
	Trust     trust.TLS
	Hub       Hub
	Peering   *peering.Peering
	Mover     *moving.Mover
	Advertise []string // where switches reach the API, host:port; goes into join tokens
	OpenFlow  []string // where foreign switches connect, host:port; empty: none may
	Build     *apiv1.SystemServiceVersionResponse
	Checks    func(context.Context) []*apiv1.Check
	Log       *slog.Logger
	Observe   func(Call) // gets each call after its end; nil: nobody
}

// Server answers the calls of the API.
type Server struct {
	store     *store.Store
	addresses *address.Allocator
	ca        *trust.CA
	trust     trust.TLS
	hub       Hub
	peering   *peering.Peering
	mover     *moving.Mover
	advertise []string
	openflow  []string
	build     *apiv1.SystemServiceVersionResponse
	checks    func(context.Context) []*apiv1.Check
	log       *slog.Logger
	observe   func(Call)
	now       func() time.Time
	recheck   time.Duration // how often a standing stream's certificate is looked at
	networks  bell
	bridges   sync.RWMutex // for reading while networks of single hosts join the fabric, until something speaks of them
	pace      pace         // of what switches tell of their own networks
}

// New returns a server; it starts nothing.
func New(c Config) *Server {
	if c.Observe == nil {
		c.Observe = func(Call) {}
	}
	return &Server{
		store: c.Store, addresses: c.Addresses, ca: c.CA, trust: c.Trust, hub: c.Hub, peering: c.Peering, mover: c.Mover,
		advertise: c.Advertise, openflow: c.OpenFlow, build: c.Build, checks: c.Checks, log: c.Log, observe: c.Observe, now: time.Now,
		recheck: certificateInterval,
	}
}

// maxMessage bounds a request, in bytes; the largest is a certificate request, but
// for files of policies, which maxPolicies bounds.
const (
	maxMessage  = 1 << 20
	maxPolicies = 4 << 20
)

// minCompressed is the size in bytes from which an answer is compressed: most
// are a few bytes, for which that costs more than it saves.
const minCompressed = 4 << 10

// Remote serves callers by the certificate of their connection.
func (s *Server) Remote() http.Handler { return s.identify(s.services()) }

// Local serves whoever can open the local socket, as administrator.
func (s *Server) Local() http.Handler { return trusted(s.services()) }

func (s *Server) services() http.Handler {
	mux := http.NewServeMux()
	options := []connect.HandlerOption{connect.WithInterceptors(measured{s.observe}, coded{}, standing{s}), connect.WithReadMaxBytes(maxMessage), connect.WithCompressMinBytes(minCompressed)}
	mux.Handle(apiv1connect.NewNetworkServiceHandler(networkService{s}, options...))
	mux.Handle(apiv1connect.NewEndpointServiceHandler(endpointService{s}, options...))
	mux.Handle(apiv1connect.NewLocalServiceHandler(localService{s}, options...))
	mux.Handle(apiv1connect.NewNameServiceHandler(nameService{s}, options...))
	mux.Handle(apiv1connect.NewRouteServiceHandler(routeService{s}, options...))
	mux.Handle(apiv1connect.NewSwitchServiceHandler(switchService{s}, options...))
	mux.Handle(apiv1connect.NewChassisServiceHandler(chassisService{s}, options...))
	mux.Handle(apiv1connect.NewEventServiceHandler(eventService{s}, options...))
	mux.Handle(apiv1connect.NewSiteServiceHandler(siteService{s}, options...))
	mux.Handle(apiv1connect.NewGroupServiceHandler(groupService{s}, options...))
	mux.Handle(apiv1connect.NewLinkServiceHandler(linkService{s}, options...))
	mux.Handle(apiv1connect.NewPolicyServiceHandler(policyService{s}, append(options, connect.WithReadMaxBytes(maxPolicies))...))
	mux.Handle(apiv1connect.NewTraceServiceHandler(traceService{s}, options...))
	mux.Handle(apiv1connect.NewMoveServiceHandler(moveService{s}, options...))
	mux.Handle(apiv1connect.NewCarryServiceHandler(carryService{s}, options...))
	mux.Handle(apiv1connect.NewSystemServiceHandler(systemService{s}, options...))
	return mux
}

// Identified lets other handlers stand beside the API on the same connections:
// within them, Caller tells who it is.
func (s *Server) Identified(next http.Handler) http.Handler { return s.identify(next) }

// Caller returns who makes a request that was let in, and the number of the
// chassis if it is one.
func (s *Server) Caller(r *http.Request) (trust.Identity, linkspan.ChassisID) {
	id := callerOf(r.Context()).Identity
	return id, id.Number
}
