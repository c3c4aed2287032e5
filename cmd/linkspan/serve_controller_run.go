// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/channel"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/address"
	"github.com/linkspan/linkspan/control/moving"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// brain is everything a controller runs.
type brain struct {
	role      *controllerRole
	keys      keys
	store     *store.Store
	addresses address.Allocator
	peering   *peering.Peering
	hub       *control.Hub
	mover     *moving.Mover
	server    *rpc.Server
	revision  atomic.Uint64 // of the store, as last seen
	events    chan linkspan.Event
	watching  watching
}

// serve makes the parts of a controller on its store, and runs them until the
// store fails.
func (c *controllerRole) serve(ctx context.Context, k keys, db kv.Store, failed <-chan error, ready func()) error {
	b := &brain{role: c, keys: k, store: store.New(db), peering: peering.New(), events: make(chan linkspan.Event, 256)}
	b.watching = newWatching(c.page)
	b.hub = control.New(control.Config{Peers: b.peering, Generation: b.revision.Load, Event: b.note, Log: c.log})
	b.mover = moving.New(moving.Config{
		Records: store.Moves[moving.Record](b.store), Store: b.store, Log: c.log,
		Unlinked: func(ctx context.Context) error { return b.server.Part(ctx) },
	})
	b.server = rpc.New(rpc.Config{
		Store: b.store, Addresses: &b.addresses, CA: k.ca, Trust: k.tls, Hub: b.hub, Peering: b.peering, Mover: b.mover,
		Advertise: c.advertise, OpenFlow: c.openflowAt(), Build: versionMessage("controller"), Checks: b.checks, Log: c.log,
		Observe: b.watching.call,
	})
	return b.run(ctx, db, failed, ready)
}

func (b *brain) run(ctx context.Context, db kv.Store, failed <-chan error, ready func()) error {
	c := b.role
	followed := make(chan struct{})
	parts, ctx := errgroup.WithContext(ctx)
	if err := b.observe(ctx, parts, db, followed); err != nil {
		return err
	}
	parts.Go(func() error {
		select {
		case err := <-failed:
			return fmt.Errorf("the store stopped: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	parts.Go(func() error { return b.follow(ctx, followed) })
	parts.Go(func() error { b.hub.Follow(ctx); return nil })
	parts.Go(func() error { return b.revocations(ctx) })
	parts.Go(func() error { return b.record(ctx) })
	parts.Go(func() error { return b.server.Sweep(ctx) })
	parts.Go(func() error { b.keys.renew(ctx, c.log); return nil })
	parts.Go(func() error {
		select { // nobody is answered before the state is known
		case <-followed:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := errors.Join(b.store.ResumeRemovals(ctx), b.store.PartBridges(ctx), b.server.JoinAgain(ctx)); err != nil {
			return err
		}
		if err := b.listen(ctx, parts); err != nil {
			return err
		}
		parts.Go(func() error { return b.mover.Run(ctx) })
		ready()
		return nil
	})
	return parts.Wait()
}

// follow keeps the View, the peers and the free addresses true to the store.
func (b *brain) follow(ctx context.Context, followed chan struct{}) error {
	return b.store.Follow(ctx, func(all []store.Change, revision uint64) {
		b.revision.Store(revision)
		b.addresses.Replace(all)
		b.update(replacing(b.hub.View(), all))
		b.server.NetworksChanged()
		select {
		case <-followed:
		default:
			close(followed)
		}
	}, func(changes []store.Change, revision uint64) {
		b.revision.Store(revision)
		b.addresses.Apply(changes)
		b.update(viewChanges(changes))
		if slices.ContainsFunc(changes, b.tells) {
			b.server.NetworksChanged()
		}
	})
}

// tells says whether switches may have to be told of a change, of a network, and of
// where networks of single hosts lead, or whether somebody may wait for it in the View.
func (b *brain) tells(c store.Change) bool {
	v := b.hub.View()
	return c.Network != nil || c.LocalNetwork != nil || v.AnyBridged() &&
		(c.Group != nil || c.Link != nil || c.Policy != nil || v.AnyLinks() && (c.Endpoint != nil || c.LocalEndpoint != nil))
}

// update changes the View. Whoever writes down what ended with it is told first.
func (b *brain) update(changes []view.Change) {
	b.watching.leaving(b.hub.View(), changes)
	b.hub.Update(changes...)
}

// revocations keeps the handshakes true to what was revoked.
func (b *brain) revocations(ctx context.Context) error {
	return store.Revocations[trust.Revocation](b.store).Follow(ctx, func(all []trust.Revocation) {
		b.keys.tls.Revocations.Replace(all)
		for _, r := range all { // whoever is connected with one of these is not any more
			if c, err := b.store.ChassisByName(ctx, r.Name); err == nil && r.Kind == trust.KindChassis && rpc.Generation(&c) <= r.Generation {
				b.hub.Disconnect(c.ID, "its certificate was revoked")
			}
		}
	})
}

// note takes an event of the hub without waiting; when too many happen at once
// the log has them all.
func (b *brain) note(e linkspan.Event) {
	b.watching.events.Count(string(e.Kind))
	b.role.log.Info("event", "kind", e.Kind, "subject", e.Subject, "message", e.Message)
	select {
	case b.events <- e:
	default:
	}
}

// record writes the hub's events to the store.
func (b *brain) record(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-b.events:
			if err := b.store.AppendEvent(ctx, e); err != nil && ctx.Err() == nil {
				b.role.log.Warn("event not recorded", "kind", e.Kind, "subject", e.Subject, "error", err)
			}
		}
	}
}

// listen opens all that a controller answers on.
func (b *brain) listen(ctx context.Context, parts *errgroup.Group) error {
	c := b.role
	config, err := b.keys.tls.ServerConfig()
	if err != nil {
		return err
	}
	config.NextProtos = append(config.NextProtos, channel.Protocol)
	remote, err := new(net.ListenConfig).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return err
	}
	carried, guests := channel.NewListener(remote.Addr()), new(strangers)
	parts.Go(func() error {
		return serveHTTP(ctx, c.log, tls.NewListener(remote, config), b.remote(), guests.watch, carried.Take)
	})
	parts.Go(func() error { return serveHTTP(ctx, c.log, carried, channel.Secured(b.remote()), guests.watch) })
	if c.socket != "" {
		local, err := listenLocal(ctx, c.socket)
		if err != nil {
			return err
		}
		served := b.server.Local()
		if c.beside != nil {
			served = c.beside(served)
		}
		parts.Go(func() error { return serveHTTP(ctx, c.log, local, served) })
	}
	if c.profile != "" {
		l, err := listenLoopback(ctx, "--pprof", c.profile)
		if err != nil {
			return err
		}
		parts.Go(func() error { return serveHTTP(ctx, c.log, l, profiles()) })
	}
	return b.listenOpenFlow(ctx, parts)
}

// remote serves the API and, on the same connections, OpenFlow channels.
func (b *brain) remote() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", b.server.Remote())
	mux.Handle(channel.Path, b.server.Identified(b.switchesOnly(channel.Handler(func(ctx context.Context, conn *channel.Conn) {
		_, number := b.server.Caller(conn.Request)
		ctx, end := b.server.WhileGood(ctx)
		defer end()
		b.accept(ctx, conn, control.Peer{Chassis: number, Remote: conn.Remote})
	}))))
	return mux
}

// switchesOnly refuses callers that are no chassis before a channel is opened.
func (b *brain) switchesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, number := b.server.Caller(r)
		if trust.Allow(id, trust.OpenFlowConnect) != nil || number == 0 {
			http.Error(w, "only a switch opens a channel", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
