// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/linkspan/linkspan"
)

// permission is something by which a stream runs.
type permission struct {
	name, about string
	from, to    string // containers
	tracked     bool   // connections between the two are
	// give makes the permission, or makes it anew; take takes it away, by one request;
	// clear leaves all as it was before the first.
	give, take, clear func(context.Context, *stage) error
}

// permissions are what is measured.
func permissions() []permission {
	return []permission{
		{
			name: "a policy for one port is removed", from: "client", to: "server", tracked: true,
			about: "A policy allows the port, others deny all else in both directions; the first is removed. Connections are tracked.",
			give: func(ctx context.Context, s *stage) error {
				return s.apply(ctx, denial("rest", 10), back("back", 10), allowed())
			},
			take: func(ctx context.Context, s *stage) error { return s.repeal(ctx, allowed().Name) },
			clear: func(ctx context.Context, s *stage) error {
				return errors.Join(s.repeal(ctx, "rest"), s.repeal(ctx, "back"))
			},
		},
		{
			name: "the same, where the server may open connections", from: "client", to: "server", tracked: true,
			about: "A policy allows the port, another one denies all else that the client opens; the first is removed.",
			give:  func(ctx context.Context, s *stage) error { return s.apply(ctx, denial("rest", 10), allowed()) },
			take:  func(ctx context.Context, s *stage) error { return s.repeal(ctx, allowed().Name) },
			clear: func(ctx context.Context, s *stage) error { return s.repeal(ctx, "rest") },
		},
		{
			name: "a policy denies all that the client opens", from: "client", to: "server",
			about: "Two of one network, until a policy denies what one sends to the other. Before, nothing was tracked.",
			give:  func(ctx context.Context, s *stage) error { return unless(linkspan.NotFound, s.repeal(ctx, "all")) },
			take:  func(ctx context.Context, s *stage) error { return s.apply(ctx, denial("all", 20)) },
			clear: func(ctx context.Context, s *stage) error { return s.repeal(ctx, "all") },
		},
		{
			name: "disconnect", from: "client", to: "server",
			about: "Two of one network are disconnected.",
			give:  func(ctx context.Context, s *stage) error { return unless(linkspan.NotFound, s.unlink(ctx)) },
			take:  func(ctx context.Context, s *stage) error { return s.disconnect(ctx) },
			clear: func(ctx context.Context, s *stage) error { return s.unlink(ctx) },
		},
		{
			name: "a network leaves a group", from: "client", to: "stranger",
			about: "Two of two networks that share a group, until one of these leaves it.",
			give:  func(ctx context.Context, s *stage) error { return s.group(ctx) },
			take:  func(ctx context.Context, s *stage) error { return s.ungroup(ctx) },
			clear: func(context.Context, *stage) error { return nil },
		},
	}
}
