// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api/channel"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/cnm/moving"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// openMoving makes this host's part of moves, if it allows any.
func (h *host) openMoving(ctx context.Context, db kv.Store, controllers []string) (err error) {
	allow := moving.Allowed(h.role.moves)
	if allow == moving.Nothing || h.engine == nil {
		return errors.Join(allow.Validate(), h.noMoves(ctx, allow, db))
	}
	h.moves, err = moving.New(moving.Config{
		Host: h.own.Keeper.KeyPair().Identity().Name, Allow: allow, Docker: h.dialDocker, Store: db, Client: h.uplink.api.Carry,
		Bulk: func() (apiv1connect.CarryServiceClient, func()) {
			own := newUplink(controllers, h.own.ClientConfig(trust.KindController, ""))
			// Images are compressed, or not worth it: pressing them again costs more than the way.
			plain := connect.WithAcceptCompression("gzip", nil, nil)
			return apiv1connect.NewCarryServiceClient(own.http, channel.Base, plain), own.api.Close
		},
		Log: h.role.log, Publishes: h.gateway.gateway != nil,
	})
	return err
}

// noMoves tells what a host that takes no part in moves leaves undone.
func (h *host) noMoves(ctx context.Context, allow moving.Allowed, db kv.Store) error {
	if allow != moving.Nothing {
		h.role.log.Warn("no containers are moved from or to this host, which has no Docker", "allow_moves", allow)
	}
	left, err := moving.Left(ctx, db)
	if left > 0 {
		h.role.log.Warn("this host has notes of moves and takes no part in them any more: one that is under way waits for it", "moves", left,
			"hint", "start it with --allow-moves, or see linkspan endpoint moves")
	}
	return err
}

// dialDocker opens a connection to this host's dockerd.
func (h *host) dialDocker(ctx context.Context) (net.Conn, error) {
	c, err := h.engine.Client()
	if err != nil {
		return nil, err
	}
	return c.Dialer()(ctx)
}

// move does this host's part of moves until ctx ends.
func (h *host) move(ctx context.Context) error {
	if h.moves == nil {
		return nil
	}
	return h.moves.Run(ctx)
}
