// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/address"
	"github.com/linkspan/linkspan/control/moving"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/rpc"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
	"github.com/linkspan/linkspan/trust"
)

// patience is how long a condition may take; it is never waited for whole but
// in a test that fails.
const patience = 30 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a controller without its store's server: the API over TLS on
// loopback and over a local socket, on a store in memory.
type house struct {
	t         *testing.T
	store     *store.Store
	lists     *atomic.Int64 // how often all endpoints were read
	addresses address.Allocator
	hub       *fakeHub
	peering   *peering.Peering
	ca        *trust.CA
	tls       trust.TLS
	mover     *moving.Mover // that does not run yet
	server    *rpc.Server
	url       string // of the API over TLS
	socket    string
}

// counting is a store that counts how often all endpoints are read.
type counting struct {
	*memory.Store
	lists *atomic.Int64
}

func (c counting) List(ctx context.Context, prefix string) ([]kv.Entry, uint64, error) {
	if prefix == "endpoints/" {
		c.lists.Add(1)
	}
	return c.Store.List(ctx, prefix)
}

// fakeHub is a Hub whose sessions and routes the test makes up.
type fakeHub struct {
	*control.Hub
	mu        sync.Mutex
	connected map[linkspan.ChassisID]control.Info
	routes    []linkspan.Route
	missing   []linkspan.ChassisID
	filter    control.Filter // of the last question
}

func (f *fakeHub) Connected(id linkspan.ChassisID) (control.Info, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, ok := f.connected[id]
	return info, ok
}

func (f *fakeHub) Disconnect(id linkspan.ChassisID, _ string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.connected[id]
	delete(f.connected, id)
	return ok
}

func (f *fakeHub) Routes(_ context.Context, filter control.Filter) ([]linkspan.Route, []linkspan.ChassisID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	return f.routes, f.missing
}

func (f *fakeHub) connect(id linkspan.ChassisID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected[id] = control.Info{Since: time.Unix(1000, 0), Remote: "192.0.2.9:4711", Ready: true}
}

func build(t *testing.T) *house {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	h := &house{t: t, lists: new(atomic.Int64), peering: peering.New()}
	h.store = store.New(counting{db, h.lists})
	h.hub = &fakeHub{
		Hub:       control.New(control.Config{Peers: h.peering, Log: slog.New(slog.DiscardHandler)}),
		connected: make(map[linkspan.ChassisID]control.Info),
	}
	var err error
	if h.ca, err = trust.CreateCA(trust.CAConfig{}); err != nil {
		t.Fatal(err)
	}
	h.tls = trust.TLS{Keeper: h.keeper(trust.Identity{Kind: trust.KindController, Name: "ctl"}), Revocations: new(trust.Revocations)}
	h.mover = moving.New(moving.Config{Records: store.Moves[moving.Record](h.store), Store: h.store, Log: slog.New(slog.DiscardHandler)})
	h.server = rpc.New(rpc.Config{
		Store: h.store, Addresses: &h.addresses, CA: h.ca, Trust: h.tls, Hub: h.hub, Peering: h.peering,
		Mover:     h.mover,
		Advertise: []string{"ctl.example.org:7443"}, OpenFlow: []string{"ctl.example.org:6653"}, Build: &apiv1.SystemServiceVersionResponse{Version: "1.2.3", Role: "controller"},
		Checks: func(context.Context) []*apiv1.Check { return []*apiv1.Check{{Name: "store"}} },
		Log:    slog.New(slog.DiscardHandler),
	})
	h.follow()
	h.listen()
	return h
}

// keeper holds a new certificate for an identity.
func (h *house) keeper(id trust.Identity) *trust.Keeper {
	h.t.Helper()
	request, err := trust.NewRequest()
	if err != nil {
		h.t.Fatal(err)
	}
	chain, err := h.ca.Issue(request.CSR(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.keep(request, chain)
}

func (h *house) keep(request *trust.Request, chain []byte) *trust.Keeper {
	h.t.Helper()
	pair, err := request.Complete(chain, h.ca.Fingerprint(), time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	keeper, err := trust.OpenKeeper(filepath.Join(h.t.TempDir(), "pair.pem"))
	if err != nil {
		h.t.Fatal(err)
	}
	if err := keeper.Replace(pair); err != nil {
		h.t.Fatal(err)
	}
	return keeper
}

// follow keeps the parts true to the store, as a controller does.
func (h *house) follow() {
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	h.t.Cleanup(func() { cancel(); parts.Wait() })
	first := make(chan struct{})
	parts.Go(func() {
		err := h.store.Follow(ctx, func(all []store.Change, _ uint64) {
			h.addresses.Replace(all)
			h.show(all)
			close(first)
		}, func(changes []store.Change, _ uint64) {
			h.addresses.Apply(changes)
			h.show(changes)
		})
		if !errors.Is(err, context.Canceled) {
			h.t.Errorf("follow: %v", err)
		}
	})
	parts.Go(func() {
		_ = store.Revocations[trust.Revocation](h.store).Follow(ctx, h.tls.Revocations.Replace) // ends with ctx
	})
	<-first
}

// show brings changes into the View.
func (h *house) show(changes []store.Change) {
	for _, c := range changes {
		switch {
		case c.LocalNetwork != nil && c.Removed:
			h.hub.Update(view.RemoveLocalNetwork(c.LocalNetwork.Chassis, c.LocalNetwork.ID))
		case c.LocalNetwork != nil:
			h.hub.Update(view.PutLocalNetwork(c.LocalNetwork))
		case c.LocalEndpoint != nil && c.Removed:
			h.hub.Update(view.RemoveLocalEndpoint(c.LocalEndpoint.Chassis, c.LocalEndpoint.ID))
		case c.LocalEndpoint != nil:
			h.hub.Update(view.PutLocalEndpoint(c.LocalEndpoint))
		case c.Network != nil && c.Removed:
			h.hub.Update(view.RemoveNetwork(c.Network.ID))
		case c.Network != nil:
			h.hub.Update(view.PutNetwork(c.Network))
		case c.Endpoint != nil && c.Removed:
			h.hub.Update(view.RemoveEndpoint(c.Endpoint.Network, c.Endpoint.Address))
		case c.Endpoint != nil:
			h.hub.Update(view.PutEndpoint(c.Endpoint))
		case c.Chassis != nil && c.Removed:
			h.hub.Update(view.RemoveChassis(c.Chassis.ID))
		case c.Chassis != nil:
			h.hub.Update(view.PutChassis(c.Chassis))
		case c.Paths != nil && c.Removed:
			h.hub.Update(view.RemovePaths(c.Paths.From))
		case c.Paths != nil:
			h.hub.Update(view.PutPaths(c.Paths))
		case c.Clearance != nil && c.Removed:
			h.hub.Update(view.RemoveClearance(c.Clearance.A, c.Clearance.B))
		case c.Clearance != nil:
			h.hub.Update(view.PutClearance(c.Clearance))
		case c.Group != nil && c.Removed:
			h.hub.Update(view.RemoveGroup(c.Group.Name))
		case c.Group != nil:
			h.hub.Update(view.PutGroup(c.Group))
		case c.Link != nil && c.Removed:
			h.hub.Update(view.RemoveLink(c.Link.A, c.Link.B))
		case c.Link != nil:
			h.hub.Update(view.PutLink(c.Link))
		case c.Policy != nil && c.Removed:
			h.hub.Update(view.RemovePolicy(c.Policy.ID))
		case c.Policy != nil:
			h.hub.Update(view.PutPolicy(c.Policy))
		}
	}
	h.server.NetworksChanged()
}

func (h *house) listen() {
	config, err := h.tls.ServerConfig()
	if err != nil {
		h.t.Fatal(err)
	}
	remote, err := new(net.ListenConfig).Listen(h.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.url = "https://" + remote.Addr().String()
	h.serve(tls.NewListener(remote, config), h.server.Remote())
	h.socket = filepath.Join(h.t.TempDir(), "s.sock")
	local, err := new(net.ListenConfig).Listen(h.t.Context(), "unix", h.socket)
	if err != nil {
		h.t.Fatal(err)
	}
	h.serve(local, h.server.Local())
}

func (h *house) serve(l net.Listener, handler http.Handler) {
	s := &http.Server{
		Handler: handler, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0), // handshakes that are refused on purpose
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	var ended sync.WaitGroup
	ended.Go(func() { _ = s.Serve(l) }) // ends with Close
	h.t.Cleanup(func() { _ = s.Close(); ended.Wait() })
}

// transport is a connection as whoever the configuration says.
func (h *house) transport(config *tls.Config) *http.Transport {
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	h.t.Cleanup(t.CloseIdleConnections)
	return t
}

// connect makes a client of the API with the certificate of a keeper, or with
// none at all, as a host that knows the CA's fingerprint only.
func (h *house) connect(keeper *trust.Keeper, options ...connect.ClientOption) *api.Client {
	config := trust.JoinConfig(h.ca.Fingerprint(), nil)
	if keeper != nil {
		config = trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, "ctl")
	}
	return api.NewClient(&http.Client{Transport: h.transport(config)}, h.url, options...)
}

// user is a client with the certificate of a user.
func (h *house) user(role trust.Role) *api.Client {
	h.t.Helper()
	return h.connect(h.keeper(trust.Identity{Kind: trust.KindUser, Name: "ada", Role: role}))
}

// local is a client of the local socket.
func (h *house) local() *api.Client {
	c := api.Unix(h.socket)
	h.t.Cleanup(c.Close)
	return c
}

// token makes a join token.
func (h *house) token(ttl time.Duration) trust.Token {
	h.t.Helper()
	token, record, err := trust.NewToken(trust.TokenRequest{CA: h.ca.Fingerprint(), Lifetime: ttl})
	if err != nil {
		h.t.Fatal(err)
	}
	if ttl < time.Second { // one that is over
		record.Expires = time.Now().Add(-time.Second)
	}
	if err := store.Tokens[trust.TokenRecord](h.store).Put(h.t.Context(), record.ID.String(), record); err != nil {
		h.t.Fatal(err)
	}
	return token
}

// network makes a network in the store and waits until it can be leased from.
func (h *house) network(name, subnet string) linkspan.NetworkID {
	h.t.Helper()
	r, err := h.local().Networks.Create(h.t.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{
		Network: &apiv1.Network{Name: name, Subnet: subnet},
	}))
	if err != nil {
		h.t.Fatal(err)
	}
	id := linkspan.NetworkID(r.Msg.GetNetwork().GetId())
	h.eventually("network "+name+" is in the view", func() bool { return h.hub.View().Network(id) != nil })
	return id
}

// eventually waits until a condition holds.
func (h *house) eventually(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("never: %s", what)
		}
	}
}

// refused checks the code of an error that came over the wire, and that it says
// what is wrong.
func refused(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	err = api.FromRPC(err)
	if err == nil || linkspan.CodeOf(err) != code || err.Error() == "" {
		t.Errorf("got %v, want an error of code %s", err, code)
	}
}
