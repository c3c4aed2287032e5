// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"crypto/x509"
	"net/http"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/trust"
)

// OnBehalfHeader is set by a switch that passes on what was typed on it; it
// names the local user for the record and gives no rights.
const OnBehalfHeader = "Linkspan-On-Behalf-Of"

// local is who calls through the local socket, which only root can open.
var local = trust.Identity{Kind: trust.KindUser, Name: "root", Role: trust.RoleAdmin}

type callerKey struct{}

// caller is who makes a call.
type caller struct {
	trust.Identity
	cert     *x509.Certificate // nil on the local socket
	onBehalf string
}

// String names the caller in events.
func (c caller) String() string {
	if c.onBehalf == "" {
		return c.Label()
	}
	return c.onBehalf + " on " + c.Name
}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// identify puts the owner of the connection's certificate into the context.
// Without a certificate the caller is nobody, who may only join.
func (s *Server) identify(next http.Handler) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known, err := s.recognize(r)
		if err != nil {
			refuse(refusals, w, r, err)
			return
		}
		next.ServeHTTP(w, known)
	})
}

// recognize returns the request with its caller in its context.
func (s *Server) recognize(r *http.Request) (*http.Request, error) {
	var c caller
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		c.cert = r.TLS.PeerCertificates[0]
		id, err := trust.PeerIdentity(*r.TLS)
		if err == nil {
			err = s.trust.Check(c.cert)
		}
		if err != nil {
			return nil, err
		}
		c.Identity = id
		if id.Kind == trust.KindChassis {
			c.onBehalf = onBehalf(r)
		}
	}
	return r.WithContext(withCaller(r.Context(), c)), nil
}

// refuse answers in the caller's own protocol, so that it learns why and what to
// do; who speaks none of ours gets the text. That the answer does not reach the
// caller has nobody to be told of.
func refuse(refusals *connect.ErrorWriter, w http.ResponseWriter, r *http.Request, err error) {
	if refusals.IsSupported(r) {
		_ = refusals.Write(w, r, api.ToRPC(err))
		return
	}
	http.Error(w, err.Error(), http.StatusUnauthorized)
}

// onBehalf returns the header if it is a proper name, as it ends up in events.
func onBehalf(r *http.Request) string {
	name := r.Header.Get(OnBehalfHeader)
	if linkspan.ValidateName("user", name) != nil {
		return ""
	}
	return name
}

func trusted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), caller{Identity: local})))
	})
}

// allow returns nil when the caller may do the action.
func allow(ctx context.Context, action trust.Action) error {
	return trust.Allow(callerOf(ctx).Identity, action)
}

// chassis returns the number of the calling chassis; others are refused.
func chassis(ctx context.Context, action trust.Action) (linkspan.ChassisID, error) {
	c := callerOf(ctx)
	if err := trust.Allow(c.Identity, action); err != nil {
		return 0, err
	}
	if c.Kind != trust.KindChassis {
		return 0, &linkspan.Error{Code: linkspan.Permission, Message: "only a switch may do this, for itself"}
	}
	return c.Number, nil
}

// coded gives every error its RPC code, in one place.
type coded struct{}

var _ connect.Interceptor = coded{}

func (coded) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		return resp, api.ToRPC(err)
	}
}

func (coded) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (coded) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return api.ToRPC(next(ctx, conn))
	}
}
