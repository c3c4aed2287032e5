// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/config"
)

// MeansHeader is the header in which a client on the local socket says by what means it is used:
// shell or cli. It is believed, as who can open the socket can do everything.
const MeansHeader = "Linkspan-Means"

// Caller is who calls.
type Caller struct {
	User    access.User
	How     string // shell, ssh, cli, api
	From    string // address; empty: this host
	Session string // tells the logins of one user apart; may be empty
}

func (c Caller) author() config.Author { return config.Author{Who: c.User.Name, How: c.How} }

type callerKey struct{}

// WithCaller notes who is behind a connection or a request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// callerOf returns who calls. The error is Unauthenticated when nobody noted it.
func callerOf(ctx context.Context) (Caller, error) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		return c, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "nobody is logged in"}
	}
	return c, nil
}

// UserOf returns who calls, as he was when he logged in, and whether anybody noted it.
func UserOf(ctx context.Context) (access.User, bool) {
	c, err := callerOf(ctx)
	return c.User, err == nil
}
