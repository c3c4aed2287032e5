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
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/channel"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/address"
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
	server    *rpc.Server
	revision  atomic.Uint64 // of the store, as last seen
	events    chan linkspan.Event
}

// serve makes the parts of a controller on its store, and runs them until the
// store fails.
func (c *controllerRole) serve(ctx context.Context, k keys, db kv.Store, failed <-chan error, ready func()) error {
	b := &brain{role: c, keys: k, store: store.New(db), peering: peering.New(), events: make(chan linkspan.Event, 256)}
	b.hub = control.New(control.Config{Peers: b.peering, Generation: b.revision.Load, Event: b.note, Log: c.log})
	b.server = rpc.New(rpc.Config{
		Store: b.store, Addresses: &b.addresses, CA: k.ca, Trust: k.tls, Hub: b.hub, Peering: b.peering,
		Advertise: c.advertise, Build: versionMessage("controller"), Checks: b.checks, Log: c.log,
	})
	return b.run(ctx, failed, ready)
}

func (b *brain) run(ctx context.Context, failed <-chan error, ready func()) error {
	c := b.role
	followed := make(chan struct{})
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error {
		select {
		case err := <-failed:
			return fmt.Errorf("the store stopped: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	parts.Go(func() error { return b.follow(ctx, followed) })
	parts.Go(func() error { return b.revocations(ctx) })
	parts.Go(func() error { return b.record(ctx) })
	parts.Go(func() error { b.keys.renew(ctx, c.log); return nil })
	parts.Go(func() error {
		select { // nobody is answered before the state is known
		case <-followed:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := b.listen(ctx, parts); err != nil {
			return err
		}
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
		b.hub.Update(replacing(b.hub.View(), all)...)
		b.server.NetworksChanged()
		select {
		case <-followed:
		default:
			close(followed)
		}
	}, func(changes []store.Change, revision uint64) {
		b.revision.Store(revision)
		b.addresses.Apply(changes)
		b.hub.Update(viewChanges(changes)...)
		if slices.ContainsFunc(changes, func(c store.Change) bool { return c.Network != nil }) {
			b.server.NetworksChanged()
		}
	})
}

// viewChanges are the changes of the store as the View takes them.
func viewChanges(changes []store.Change) []view.Change {
	out := make([]view.Change, 0, len(changes))
	for _, c := range changes {
		switch {
		case c.Network != nil && c.Removed:
			out = append(out, view.RemoveNetwork(c.Network.ID))
		case c.Network != nil:
			out = append(out, view.PutNetwork(c.Network))
		case c.Endpoint != nil && c.Removed:
			out = append(out, view.RemoveEndpoint(c.Endpoint.Network, c.Endpoint.Address))
		case c.Endpoint != nil:
			out = append(out, view.PutEndpoint(c.Endpoint))
		case c.Chassis != nil && c.Removed:
			out = append(out, view.RemoveChassis(c.Chassis.ID))
		case c.Chassis != nil:
			out = append(out, view.PutChassis(c.Chassis))
		}
	}
	return out
}

// replacing are the changes that make of v what all says, and no more.
func replacing(v *view.View, all []store.Change) []view.Change {
	out := viewChanges(all)
	networks := make(map[linkspan.NetworkID]bool)
	endpoints := make(map[view.Key]bool)
	chassis := make(map[linkspan.ChassisID]bool)
	for _, c := range all {
		switch {
		case c.Network != nil:
			networks[c.Network.ID] = true
		case c.Endpoint != nil:
			endpoints[view.KeyOf(c.Endpoint)] = true
		case c.Chassis != nil:
			chassis[c.Chassis.ID] = true
		}
	}
	for e := range v.Endpoints() {
		if !endpoints[view.KeyOf(e)] {
			out = append(out, view.RemoveEndpoint(e.Network, e.Address))
		}
	}
	for n := range v.Networks() {
		if !networks[n.ID] {
			out = append(out, view.RemoveNetwork(n.ID))
		}
	}
	for c := range v.AllChassis() {
		if !chassis[c.ID] {
			out = append(out, view.RemoveChassis(c.ID))
		}
	}
	return out
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
	b.role.log.Info(string(e.Kind), "subject", e.Subject, "message", e.Message)
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
	remote, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	parts.Go(func() error { return serveHTTP(ctx, tls.NewListener(remote, config), b.remote()) })
	if c.socket != "" {
		local, err := listenLocal(c.socket)
		if err != nil {
			return err
		}
		parts.Go(func() error { return serveHTTP(ctx, local, b.server.Local()) })
	}
	if c.profile != "" {
		l, err := listenLoopback("--pprof", c.profile)
		if err != nil {
			return err
		}
		parts.Go(func() error { return serveHTTP(ctx, l, profiles()) })
	}
	return b.listenOpenFlow(ctx, parts)
}

// remote serves the API and, on the same connections, OpenFlow channels.
func (b *brain) remote() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", b.server.Remote())
	mux.Handle(channel.Path, b.server.Identified(channel.Handler(func(ctx context.Context, conn *channel.Conn) {
		id, number := b.server.Caller(conn.Request)
		if trust.Allow(id, trust.OpenFlowConnect) != nil || number == 0 {
			return
		}
		b.accept(ctx, conn, control.Peer{Chassis: number, Remote: conn.Remote})
	})))
	return mux
}

func (b *brain) accept(ctx context.Context, conn session, peer control.Peer) {
	err := b.hub.Accept(ctx, conn, peer)
	if err != nil && ctx.Err() == nil {
		b.role.log.Info("openflow session ended", "remote", peer.Remote, "error", err)
	}
}

// session is what the hub reads and writes.
type session interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	Close() error
}

// listenOpenFlow takes OpenFlow connections of foreign switches.
func (b *brain) listenOpenFlow(ctx context.Context, parts *errgroup.Group) error {
	c := b.role
	if c.openflow != "" {
		config, err := b.keys.tls.OpenFlowConfig()
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", c.openflow)
		if err != nil {
			return err
		}
		parts.Go(func() error { return b.acceptAll(ctx, tls.NewListener(l, config), peerOfTLS) })
	}
	if c.openflowPlain != "" {
		l, err := listenLoopback("--openflow-plain", c.openflowPlain)
		if err != nil {
			return err
		}
		c.log.Warn("openflow without TLS is open; for measuring only", "address", l.Addr())
		parts.Go(func() error {
			return b.acceptAll(ctx, l, func(_ context.Context, conn net.Conn) (control.Peer, error) {
				return control.Peer{Remote: conn.RemoteAddr().String()}, nil
			})
		})
	}
	return nil
}

// acceptAll runs a session on each connection until ctx ends, and waits for
// them.
func (b *brain) acceptAll(ctx context.Context, l net.Listener, who func(context.Context, net.Conn) (control.Peer, error)) error {
	var sessions errgroup.Group
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return sessions.Wait()
		}
		if err != nil { // out of descriptors: others will end
			b.role.log.Warn("openflow connection not accepted", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		sessions.Go(func() error {
			peer, err := who(ctx, conn)
			if err != nil {
				b.role.log.Info("openflow connection refused", "remote", conn.RemoteAddr(), "error", err)
				return conn.Close()
			}
			b.accept(ctx, conn, peer)
			return nil
		})
	}
}

// peerOfTLS finishes the handshake and says which chassis it is.
func peerOfTLS(ctx context.Context, conn net.Conn) (control.Peer, error) {
	t := conn.(*tls.Conn)
	ctx, cancel := context.WithTimeout(ctx, headerTimeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return control.Peer{}, err
	}
	id, err := trust.PeerIdentity(t.ConnectionState())
	if err != nil {
		return control.Peer{}, err
	}
	if id.Number == 0 {
		return control.Peer{}, &linkspan.Error{Code: linkspan.Permission, Message: id.Label() + " has no place in the fabric"}
	}
	return control.Peer{Chassis: id.Number, Remote: conn.RemoteAddr().String()}, nil
}

// checks looks at this controller.
func (b *brain) checks(ctx context.Context) []*apiv1.Check {
	_, err := b.store.Events(ctx, 1)
	v, total, here := b.hub.View(), 0, 0
	for c := range v.AllChassis() {
		total++
		if _, ok := b.hub.Connected(c.ID); ok {
			here++
		}
	}
	state := apiv1.Check_STATE_OK
	if here < total {
		state = apiv1.Check_STATE_WARNING
	}
	return []*apiv1.Check{
		verdict("store", err, "answers, embedded etcd", "is the disk full? etcd stops writing before it is"),
		check("switches", state, counted(here, total), "linkspan switch ls shows which are away"),
	}
}
