// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tool"
)

// hostShows is what the process knows beside its configuration: what it logged, the flows of
// its bridges, and routes of the fabric that begin or end here.
func (n *nos) hostShows() []show.Item {
	bridges := show.Arg{Name: "bridge", Help: "Of this bridge", Values: func(context.Context) []string { return []string{n.role.bridge, bridge.Name} }}
	return []show.Item{
		{Name: "log", Help: "What the switch has logged lately", Show: n.showLog},
		{Name: "flows", Help: "Flows of a bridge, as Open vSwitch has them; of br-switch if none is named", Args: []show.Arg{bridges}, Show: n.showFlows},
		{Name: "routes", Help: "Hot-plug routes of the fabric that begin or end here", Show: n.showRoutes},
	}
}

// showLog shows records of the audit log to those who may read that.
func (n *nos) showLog(ctx context.Context, _ []string) (show.Report, error) {
	t := show.Table{Name: "log", Columns: []string{"line"}}
	for _, line := range n.role.recent.last(n.may(access.Audit)(ctx) == nil) {
		t.Rows = append(t.Rows, []any{line})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

func (n *nos) showFlows(ctx context.Context, args []string) (show.Report, error) {
	name := bridge.Name
	if len(args) > 0 {
		name = args[0]
	}
	if name != bridge.Name && name != n.role.bridge {
		return show.Report{}, &linkspan.Error{Code: linkspan.NotFound, Message: name + " is no bridge of this switch"}
	}
	t := show.Table{Name: "flows", Columns: []string{"flow"}}
	const patience = 30 * time.Second
	err := tool.Run(ctx, tool.Command{
		Program: "ovs-ofctl", Args: []string{"-O", "OpenFlow13,OpenFlow14,OpenFlow15", "--names", "--no-stats", "dump-flows", "unix:" + filepath.Join(n.role.ovsRunDir, name+".mgmt")},
		Limit: patience, Package: "openvswitch-switch",
	}, func(line string) error {
		t.Rows = append(t.Rows, []any{line})
		return nil
	})
	return show.Report{Tables: []show.Table{t}}, err
}

func (n *nos) showRoutes(ctx context.Context, _ []string) (show.Report, error) {
	h := n.role.host.Load()
	if h == nil {
		return show.Report{}, &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch is in no fabric yet"}
	}
	r, err := h.uplink.api.Routes.List(ctx, connect.NewRequest(&apiv1.RouteServiceListRequest{Chassis: h.own.Keeper.KeyPair().Identity().Name}))
	if err != nil {
		return show.Report{}, api.FromRPC(err)
	}
	t := show.Table{Name: "routes", Columns: []string{"route", "network", "a", "b", "transport", "packets", "bytes"}}
	for _, one := range r.Msg.GetRoutes() {
		t.Rows = append(t.Rows, []any{
			one.GetId(), one.GetNetwork(), endName(one.GetAName(), one.GetA()), endName(one.GetBName(), one.GetB()), one.GetTransport(), one.GetPackets(), one.GetBytes(),
		})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

// endName is how one end of a route is shown.
func endName(name, address string) string {
	if name == "" {
		return address
	}
	return name
}
