// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// host is a chassis that has joined.
type host struct {
	*api.Client
	keeper *trust.Keeper
	id     linkspan.ChassisID
	name   string
}

// join makes a chassis the way a host does.
func (h *house) join(name string) host {
	h.t.Helper()
	request, err := trust.NewRequest()
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.connect(nil).Chassis.Join(h.t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
		Token: h.token(time.Hour).Reveal(), Name: name, Csr: request.CSR(), Underlay: underlayOf(name), Mtu: 1500, Version: "1.0",
	}))
	if err != nil {
		h.t.Fatal(err)
	}
	keeper := h.keep(request, r.Msg.GetCertificate())
	return host{h.connect(keeper), keeper, linkspan.ChassisID(r.Msg.GetId()), name}
}

// reserve leases an address, any when want is empty.
func (c host) reserve(ctx context.Context, network linkspan.NetworkID, want, container string) (string, error) {
	r, err := c.Chassis.Reserve(ctx, connect.NewRequest(&apiv1.ChassisServiceReserveRequest{
		Network: uint32(network), Address: want, Container: container,
	}))
	if err != nil {
		return "", err
	}
	return r.Msg.GetAddress(), nil
}

func (c host) attach(ctx context.Context, e *apiv1.Endpoint) error {
	_, err := c.Chassis.Attach(ctx, connect.NewRequest(&apiv1.ChassisServiceAttachRequest{Endpoint: e}))
	return err
}

func (c host) release(ctx context.Context, network linkspan.NetworkID, addr string) error {
	_, err := c.Chassis.Release(ctx, connect.NewRequest(&apiv1.ChassisServiceReleaseRequest{Network: uint32(network), Address: addr}))
	return err
}

// run reserves and attaches a container, and returns its address.
func (c host) run(t *testing.T, network linkspan.NetworkID, container string, port uint32) string {
	t.Helper()
	addr, err := c.reserve(t.Context(), network, "", container)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.attach(t.Context(), &apiv1.Endpoint{
		Network: uint32(network), Address: addr, Mac: "02:42:0a:07:00:02", Port: port, Container: container, Id: "e1d2c3" + container,
	}); err != nil {
		t.Fatal(err)
	}
	return addr
}

// underlayOf gives each host of a test an address of its own: h1 has 192.0.2.1.
func underlayOf(name string) string {
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "h")); err == nil {
		return fmt.Sprintf("192.0.2.%d", n)
	}
	return fmt.Sprintf("198.51.100.%d", name[len(name)-1])
}
