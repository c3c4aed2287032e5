// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/channel"
	"github.com/linkspan/linkspan/ovs/tunnel"
	"github.com/linkspan/linkspan/store/kv"
)

// controllersKey is where a switch keeps the controllers it joined.
const controllersKey = "controllers"

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

func newUplink(controllers []string, config *tls.Config) *uplink {
	u := &uplink{first: controllers}
	transport := channel.Transport(u.dial, config)
	transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout = pingInterval, pingLimit
	u.http = &http.Client{Transport: transport}
	u.api = api.NewClient(u.http, channel.Base)
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
		return nil, noController()
	}
	if err != nil {
		return nil, err
	}
	return given, json.Unmarshal(entry.Value, &given)
}

func noController() error {
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: "no controller is known",
		Hint: "name one with --controller, or join with a token that names it",
	}
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
