// SPDX-License-Identifier: Apache-2.0

package https

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// challenge asks for a name and a password (RFC 7617, 2.1).
const challenge = `Basic realm="linkspan", charset="UTF-8"`

// proof is what somebody has shown, without being it. The zero value is nothing.
type proof [sha256.Size]byte

// serve passes on the requests of those who have proved who they are.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	g, ok := r.Context().Value(guestKey{}).(*guest)
	if !ok {
		refuse(w, r, anonymous())
		return
	}
	u, err := g.known(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	s.options.Handler.ServeHTTP(w, r.WithContext(rpc.WithCaller(r.Context(), g.caller(u))))
}

// known returns who has sent a request: whose certificate the connection has, or whose
// password the request.
func (g *guest) known(r *http.Request) (access.User, error) {
	if len(r.TLS.PeerCertificates) > 0 {
		if u, err := g.certified(r); err == nil || r.Header.Get("Authorization") == "" {
			return u, err
		}
	}
	name, typed, ok := r.BasicAuth()
	if !ok {
		return access.User{}, anonymous()
	}
	return g.password(r.Context(), name, typed)
}

// certified returns the user of the connection's certificate, which must still be good.
func (g *guest) certified(r *http.Request) (access.User, error) {
	f := g.server.fabric()
	if f == nil {
		return access.User{}, anonymous()
	}
	id, err := trust.PeerIdentity(*r.TLS)
	if err == nil {
		err = f.Check(r.TLS.PeerCertificates[0])
	}
	if err != nil {
		return access.User{}, err
	}
	u, err := access.Certified(id)
	if err != nil {
		return u, err
	}
	if err := g.take(r.Context()); err != nil {
		return u, err
	}
	defer g.give()
	if now := g.of(); now.Name == u.Name {
		return now, nil
	}
	return u, g.enter(u, proof{})
}

// password returns the user of a name and a password. What was right once is right for the
// connection: comparing takes a good part of a second.
func (g *guest) password(ctx context.Context, name, typed string) (access.User, error) {
	if err := g.take(ctx); err != nil {
		return access.User{}, err
	}
	defer g.give()
	shown := g.proof(name, typed)
	g.mu.Lock()
	u, same := g.user, hmac.Equal(g.proved[:], shown[:])
	g.mu.Unlock()
	if same && u.Name != "" {
		return u, nil
	}
	u, err := g.server.options.Guard.Password(ctx, name, typed, g.from)
	if err == nil {
		err = g.enter(u, shown)
	}
	if err != nil {
		g.refused(name, err)
		return access.User{}, err
	}
	return u, nil
}

// proof is a sum that is good for nothing but to compare with on this connection.
func (g *guest) proof(name, typed string) (p proof) {
	h := hmac.New(sha256.New, g.key[:])
	h.Write([]byte(name + "\x00" + typed))
	h.Sum(p[:0])
	return p
}

func (g *guest) take(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *guest) give() { <-g.turn }

// refused notes a login that was refused. Of many not each is written down.
func (g *guest) refused(name string, err error) {
	if g.server.refusals.Take(g.from, time.Now()) {
		g.server.record(audit.Entry{
			Kind: audit.Denied, Who: crowd.Cut(name, crowd.MaxName), How: how, From: g.from.String(), Session: g.session, Text: "login", Error: crowd.Cut(err.Error(), crowd.MaxReason),
		})
	}
}

func anonymous() error {
	return &linkspan.Error{Code: linkspan.Unauthenticated, Message: "nobody is logged in", Hint: "send name and password (Basic), or show the certificate of a user"}
}

// refuse answers in the caller's own protocol; who speaks none of the API's gets the text. That
// the answer does not reach the caller has nobody to be told of.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	code := linkspan.CodeOf(err)
	w.Header().Set("Connection", "close") // strangers have few places
	if code == linkspan.Unauthenticated {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if errors := connect.NewErrorWriter(); errors.IsSupported(r) {
		_ = errors.Write(w, r, api.ToRPC(err))
		return
	}
	status := http.StatusServiceUnavailable
	switch code {
	case linkspan.Unauthenticated:
		status = http.StatusUnauthorized
	case linkspan.Permission:
		status = http.StatusForbidden
	case linkspan.Exhausted:
		status = http.StatusTooManyRequests
	}
	http.Error(w, err.Error(), status)
}
