// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	openflow "github.com/linkspan/linkspan/api/channel"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// Host is a simulated host.
type Host struct {
	ID     linkspan.ChassisID
	Bridge *Bridge

	fleet     *Fleet
	number    int
	underlay  string
	transport *http.Transport
	http      *http.Client // of its one connection
	api       *api.Client
	cut       atomic.Pointer[context.CancelFunc] // ends the bridge's channel

	knows           atomic.Bool   // counted by the fleet
	messages, bytes atomic.Uint64 // of the stream
	overlays        overlays      // of follow alone
	overlaid        atomic.Int64  // endpoints in these
	broke           atomic.Pointer[error]
}

// mtu is that of the underlay, in bytes.
const mtu = 1500

// join lets host number n join, with a token of its own.
func (f *Fleet) join(ctx context.Context, n int) (*Host, error) {
	made, err := f.admin.Switches.CreateToken(ctx, connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{}))
	if err != nil {
		return nil, err
	}
	token, err := trust.ParseToken(made.Msg.GetToken())
	if err != nil {
		return nil, err
	}
	request, err := trust.NewRequest()
	if err != nil {
		return nil, err
	}
	h := &Host{fleet: f, number: n, underlay: fmt.Sprintf("198.18.%d.%d", n>>8, n&0xff), overlays: make(overlays)} // RFC 2544: for benchmarks
	stranger := f.dialing(h.number)
	stranger.TLSClientConfig = trust.JoinConfig(token.CA, nil)
	defer stranger.CloseIdleConnections()
	answer, err := api.NewClient(&http.Client{Transport: stranger}, f.base()).Chassis.Join(ctx, connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
		Token: made.Msg.GetToken(), Name: fmt.Sprintf("h%04d", n), Csr: request.CSR(),
		Underlay: h.underlay, Mtu: mtu, Version: "bench",
	}))
	if err != nil {
		return nil, err
	}
	pair, err := request.Complete(answer.Msg.GetCertificate(), token.CA, time.Now())
	if err != nil {
		return nil, err
	}
	keeper, err := trust.OpenKeeper(filepath.Join(f.config.Dir, fmt.Sprintf("h%04d.pem", n)))
	if err != nil {
		return nil, err
	}
	h.ID = linkspan.ChassisID(answer.Msg.GetId())
	h.Bridge = newBridge(uint64(h.ID.DPID()), f)
	dial := f.dialing(h.number).DialContext
	h.transport = openflow.Transport(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, f.config.API)
	}, trust.TLS{Keeper: keeper}.ClientConfig(trust.KindController, ""))
	h.transport.HTTP2.SendPingTimeout, h.transport.HTTP2.PingTimeout = 5*time.Second, 5*time.Second
	h.http = &http.Client{Transport: h.transport}
	h.api = api.NewClient(h.http, openflow.Base)
	return h, keeper.Replace(pair)
}

func (f *Fleet) base() string { return "https://" + f.config.API }

// dialing returns a transport like that of a host that joins, from a loopback
// address of the host's own: a controller tells strangers apart by address.
func (f *Fleet) dialing(n int) *http.Transport {
	dialer := net.Dialer{
		Timeout:   3 * time.Second,
		LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 18, byte(n>>8), byte(n))},
	}
	return &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true}
}

// Endpoint is one to be attached.
type Endpoint struct {
	Network linkspan.NetworkID
	Address netip.Addr
	Number  uint32          // among the host's, from 1
	Driver  linkspan.Driver // of the network
	Labels  map[string]string
}

// Container returns the name of the container that an endpoint is of.
func (h *Host) Container(e Endpoint) string { return fmt.Sprintf("c%04d-%d", h.number, e.Number) }

// Name returns the host's.
func (h *Host) Name() string { return fmt.Sprintf("h%04d", h.number) }

// MAC returns the Ethernet address of an endpoint.
func (h *Host) MAC(e Endpoint) linkspan.MAC {
	return linkspan.MAC{2, 0x42, byte(h.number >> 8), byte(h.number), byte(e.Number >> 8), byte(e.Number)}
}

// Attach reserves an address and attaches it.
func (h *Host) Attach(ctx context.Context, e Endpoint) error {
	container := h.Container(e)
	_, err := h.api.Chassis.Reserve(ctx, connect.NewRequest(&apiv1.ChassisServiceReserveRequest{
		Network: uint32(e.Network), Address: e.Address.String(), Container: container,
	}))
	if err != nil {
		return fmt.Errorf("reserve %s: %w", e.Address, api.FromRPC(err))
	}
	m := &apiv1.Endpoint{
		Network: uint32(e.Network), Address: e.Address.String(), Container: container,
		Id:  fmt.Sprintf("%032x%032x", h.number, e.Number), // as long as Docker's
		Mac: h.MAC(e).String(), Labels: e.Labels,
		Aliases: []string{fmt.Sprintf("%012x", h.number<<16|int(e.Number))}, // Docker's own: the short id
	}
	if e.Driver.Is(linkspan.Overlay) {
		m.Driver = string(e.Driver)
	} else {
		m.Port = e.Number // on the host's bridge
	}
	if _, err = h.api.Chassis.Attach(ctx, connect.NewRequest(&apiv1.ChassisServiceAttachRequest{Endpoint: m})); err != nil {
		return fmt.Errorf("attach %s: %w", e.Address, api.FromRPC(err))
	}
	return nil
}

// Release takes an endpoint away.
func (h *Host) Release(ctx context.Context, e Endpoint) error {
	_, err := h.api.Chassis.Release(ctx, connect.NewRequest(&apiv1.ChassisServiceReleaseRequest{
		Network: uint32(e.Network), Address: e.Address.String(),
	}))
	return api.FromRPC(err)
}
