// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// What one switch may have in the fabric, so that none can fill the store alone:
// endpoints with reservations, and networks created on it. Both are many times
// what a host runs. A few calls at once may go beyond.
const (
	maxEndpoints       = 4096
	maxNetworksCreated = 1024
)

// maxLinks is how many links there may be: each is read whenever one is changed.
const maxLinks = 8192

// mayLink refuses one more link where there are too many; one may be replaced.
func mayLink(links []linkspan.Link, l *linkspan.Link) error {
	same := func(o linkspan.Link) bool { return o.A == l.A && o.B == l.B }
	if len(links) < maxLinks || slices.ContainsFunc(links, same) {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Exhausted, Message: fmt.Sprintf("there are %d links, as many as there may be", len(links)),
		Hint: "take back those that are no longer needed, with linkspan link clear, or let whole networks talk: linkspan group create",
	}
}

// mayReserve refuses one more endpoint of a chassis that has too many.
func (s *Server) mayReserve(id linkspan.ChassisID) error {
	if s.hub.View().CountOwned(id) < maxEndpoints {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Exhausted, Message: fmt.Sprintf("this switch has %d endpoints, as many as one may have", maxEndpoints),
		Hint: "remove containers that are no longer needed, or run some on another host",
	}
}

// mayCreate refuses one more network of a chassis that created too many; users
// may create as many as they like. One that exists is not created.
func (s *Server) mayCreate(ctx context.Context, name string) error {
	c := callerOf(ctx)
	if c.Kind != trust.KindChassis {
		return nil
	}
	created := 0
	for n := range s.hub.View().Networks() {
		if n.Name == name {
			return nil
		}
		if n.Creator == c.Label() || strings.HasSuffix(n.Creator, " on "+c.Name) {
			created++
		}
	}
	if created < maxNetworksCreated {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Exhausted, Message: fmt.Sprintf("%d networks were created on switch %s, as many as on one may be", created, c.Name),
		Hint: "remove networks that are no longer needed, or create this one on the controller: linkspan network create",
	}
}
