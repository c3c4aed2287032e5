// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/wire/plugin"
)

// The bare plugin's one pool, and its gateway.
const (
	barePool    = "10.99.0.0/16"
	bareGateway = "10.99.0.1"
)

// bare is a plugin that does only what none can do without: a veth, which leads
// nowhere, and a number for an address. It answers everything else at once. So
// what it costs is dockerd's, and nobody who speaks the plugin protocol can be
// cheaper.
type bare struct{ last atomic.Uint32 }

// serveBare answers on the socket until ctx ends.
func serveBare(ctx context.Context, socket string) error {
	listener, err := docker.Listen(socket)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: new(bare), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP answers one request of Docker's.
func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := b.answer(r.URL.Path, r.Body)
	if err != nil {
		answer = plugin.NewFailure(err.Error())
	}
	w.Header().Set("Content-Type", plugin.ContentType)
	_ = json.NewEncoder(w).Encode(answer) // dockerd has gone; it learns nothing more
}

func (b *bare) answer(operation string, body io.Reader) (any, error) {
	switch operation {
	case "/Plugin.Activate":
		return plugin.Activation{Implements: []string{plugin.NetworkDriver, plugin.IpamDriver}}, nil
	case "/NetworkDriver.GetCapabilities":
		return plugin.NetworkCapabilities{Scope: plugin.ScopeLocal}, nil
	case "/IpamDriver.GetDefaultAddressSpaces":
		return plugin.AddressSpaces{LocalDefaultAddressSpace: "bare", GlobalDefaultAddressSpace: "bare"}, nil
	case "/IpamDriver.RequestPool":
		return plugin.RequestPoolResponse{PoolID: "bare", Pool: barePool}, nil
	case "/IpamDriver.RequestAddress":
		return plugin.RequestAddressResponse{Address: b.address()}, nil
	case "/NetworkDriver.Join":
		return b.join(body)
	case "/NetworkDriver.Leave":
		return b.leave(body)
	}
	return plugin.Empty{}, nil
}

// address returns the gateway first, as dockerd asks for it first.
func (b *bare) address() string {
	n := b.last.Add(1) & 0xffff
	return fmt.Sprintf("10.99.%d.%d/16", n>>8, n&0xff)
}

func (b *bare) join(body io.Reader) (any, error) {
	var req plugin.JoinRequest
	if err := plugin.Decode(body, &req); err != nil {
		return nil, err
	}
	host, peer := kernel.Name("bnv-", req.EndpointID), kernel.Name("bnp-", req.EndpointID)
	attrs := netlink.NewLinkAttrs()
	attrs.Name = host
	veth := netlink.NewVeth(attrs)
	veth.PeerName = peer
	if err := netlink.LinkAdd(veth); err != nil {
		return nil, fmt.Errorf("make veth %s: %w", host, err)
	}
	return plugin.JoinResponse{
		InterfaceName: plugin.InterfaceName{SrcName: peer, DstPrefix: "eth"}, Gateway: bareGateway,
	}, nil
}

func (b *bare) leave(body io.Reader) (any, error) {
	var req plugin.EndpointRequest
	if err := plugin.Decode(body, &req); err != nil {
		return nil, err
	}
	return plugin.Empty{}, netns.DeleteVeth(context.Background(), kernel.Name("bnv-", req.EndpointID))
}
