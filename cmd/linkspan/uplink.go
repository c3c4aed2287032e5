// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/ovs/tunnel"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// controllersKey is where a switch keeps the controllers it joined.
const controllersKey = "controllers"

// controllerBase is the base of requests to the controller: which one of them
// answers is the dialer's matter, and who it is its certificate's.
const controllerBase = "https://controller"

const (
	dialLimit    = 3 * time.Second
	pingInterval = 5 * time.Second // HTTP/2 pings find a connection that died silently
	pingLimit    = 5 * time.Second
)

// uplink is the switch's one connection to its controllers.
type uplink struct {
	http *http.Client
	api  *api.Client

	mu    sync.Mutex
	first []string // controllers, the one that answered last in front
}

func newUplink(controllers []string, own trust.TLS) *uplink {
	u := &uplink{first: controllers}
	transport := &http.Transport{
		DialContext:       u.dial,
		TLSClientConfig:   own.ClientConfig(trust.KindController, ""),
		ForceAttemptHTTP2: true,
		HTTP2:             &http.HTTP2Config{SendPingTimeout: pingInterval, PingTimeout: pingLimit},
	}
	u.http = &http.Client{Transport: transport}
	u.api = api.NewClient(u.http, controllerBase)
	return u
}

// dial tries the controllers in turn, whatever host the request names.
func (u *uplink) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	u.mu.Lock()
	order := slices.Clone(u.first)
	u.mu.Unlock()
	dialer := net.Dialer{Timeout: dialLimit}
	var errs []error
	for _, address := range order {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			u.prefer(address)
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "no controller answers", Err: errors.Join(errs...)}
}

func (u *uplink) prefer(address string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if i := slices.Index(u.first, address); i > 0 {
		u.first = slices.Insert(slices.Delete(slices.Clone(u.first), i, i+1), 0, address)
	}
}

// hintFor says what to do about an error of the connection, or nothing.
func hintFor(err error) string {
	var far *net.OpError // what crypto/tls makes of an alert that the other side sent
	if errors.As(err, &far) && far.Op == "remote error" {
		return "the controller refuses this host's certificate; if the switch was removed, give it a new token: linkspan switch token"
	}
	return linkspan.HintOf(err)
}

// rememberControllers stores them, or returns the stored ones when none is
// given.
func rememberControllers(ctx context.Context, db kv.Store, given []string) ([]string, error) {
	if len(given) > 0 {
		value, err := json.Marshal(given)
		if err != nil {
			return nil, err
		}
		_, err = db.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(controllersKey, value)}})
		return given, err
	}
	entry, err := db.Get(ctx, controllersKey)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: "no controller is known",
			Hint: "name one with --controller, or join with a token that names it",
		}
	}
	if err != nil {
		return nil, err
	}
	return given, json.Unmarshal(entry.Value, &given)
}

// joinedWithKey is where a switch keeps the id of the token it joined with.
const joinedWithKey = "joined-with"

// admission returns the controllers, after joining through one of them if this
// host has no certificate yet, or was given a token that it has not used: a
// host that was removed comes back so. A host that is a member still, and can
// prove it, goes on as it is.
func (s *switchRole) admission(ctx context.Context, db kv.Store, keeper *trust.Keeper) ([]string, error) {
	member := keeper.KeyPair() != nil
	if member && !s.rejoins {
		return rememberControllers(ctx, db, s.controllers)
	}
	token, err := s.token()
	if member && (err != nil || usedBefore(ctx, db, token)) {
		return rememberControllers(ctx, db, s.controllers)
	}
	if err != nil {
		return nil, err
	}
	controllers := s.controllers
	if len(controllers) == 0 {
		controllers = token.Addresses
	}
	if controllers, err = rememberControllers(ctx, db, controllers); err != nil {
		return nil, err
	}
	err = s.join(ctx, token, keeper, controllers)
	if member && linkspan.CodeOf(err) == linkspan.Exists {
		s.log.Warn("the new join token is not used: this host is a member already", "token", token)
		return controllers, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = db.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(joinedWithKey, []byte(token.ID.String()))}})
	return controllers, err
}

func usedBefore(ctx context.Context, db kv.Store, token trust.Token) bool {
	entry, err := db.Get(ctx, joinedWithKey)
	return err == nil && string(entry.Value) == token.ID.String()
}

// join turns the token into a certificate. It goes on trying while no
// controller answers; a refusal ends it.
func (s *switchRole) join(ctx context.Context, token trust.Token, keeper *trust.Keeper, controllers []string) error {
	request, err := trust.NewRequest()
	if err != nil {
		return err
	}
	u := newUplink(controllers, trust.TLS{Keeper: keeper})
	u.http.Transport.(*http.Transport).TLSClientConfig = trust.JoinConfig(token.CA, nil)
	defer u.api.Close()
	for wait := dialLimit / 10; ; wait = min(2*wait, dialLimit) {
		err := s.tryJoin(ctx, u, token, request, keeper)
		if err == nil || linkspan.CodeOf(err) != linkspan.Unavailable {
			return err
		}
		s.log.Warn("not joined yet", "controllers", controllers, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (s *switchRole) tryJoin(ctx context.Context, u *uplink, token trust.Token, request *trust.Request, keeper *trust.Keeper) error {
	place, err := s.place(ctx, u.first)
	if err != nil {
		return err
	}
	r, err := u.api.Chassis.Join(ctx, connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
		Token: token.Reveal(), Name: s.name, Csr: request.CSR(), Underlay: place.address.String(),
		Mtu: uint32(place.mtu), Version: version,
	}))
	if err != nil {
		return api.FromRPC(err)
	}
	pair, err := request.Complete(r.Msg.GetCertificate(), token.CA, time.Now())
	if err != nil {
		return err
	}
	s.log.Info("joined", "name", pair.Identity().Name, "number", pair.Identity().Number)
	return keeper.Replace(pair)
}

// place is where a host stands in the underlay.
type place struct {
	address netip.Addr
	mtu     int // bytes
}

// place returns the address given, or the one this host uses towards the first
// controller that there is a way to.
func (s *switchRole) place(ctx context.Context, controllers []string) (place, error) {
	var p place
	var err error
	if s.underlay != "" {
		if p.address, err = netip.ParseAddr(s.underlay); err != nil {
			return p, &linkspan.Error{Code: linkspan.Invalid, Op: "--underlay", Err: err}
		}
	} else if p.address, err = addressTowards(ctx, controllers); err != nil {
		return p, err
	}
	p.mtu, err = tunnel.UnderlayMTU(ctx, p.address)
	return p, err
}

// addressTowards asks the kernel for the source address of packets to the
// controllers; nothing is sent.
func addressTowards(ctx context.Context, controllers []string) (netip.Addr, error) {
	var errs []error
	for _, c := range controllers {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		own := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		return own, conn.Close()
	}
	return netip.Addr{}, &linkspan.Error{Code: linkspan.Unavailable, Message: "there is no way to a controller", Err: errors.Join(errs...)}
}
