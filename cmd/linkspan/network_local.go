// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// scopeLocal is the scope of networks of one host.
const scopeLocal = "local"

// localRow is a network that one host has alone, as its switch is inspected.
type localRow struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Driver    string        `json:"driver"`
	Subnets   []localSubnet `json:"subnets,omitempty"`
	Internal  bool          `json:"internal,omitempty"`
	Labels    labels        `json:"labels,omitempty"`
	Created   time.Time     `json:"created"`
	Endpoints []endpointRow `json:"endpoints"`
}

type localSubnet struct {
	Subnet  string `json:"subnet"`
	Gateway string `json:"gateway,omitempty"`
}

func newLocalRows(networks []*apiv1.LocalNetwork) []localRow {
	rows := make([]localRow, len(networks))
	for i, n := range networks {
		rows[i] = localRow{
			ID: n.GetId(), Name: n.GetName(), Driver: n.GetDriver(), Internal: n.GetInternal(), Labels: n.GetLabels(),
			Created: n.GetCreated().AsTime(), Endpoints: newEndpointRows(localMembers(n)),
		}
		for _, s := range n.GetSubnets() {
			rows[i].Subnets = append(rows[i].Subnets, localSubnet{s.GetSubnet(), s.GetGateway()})
		}
	}
	return rows
}

// localMembers are those in a network of one host, as endpoints.
func localMembers(n *apiv1.LocalNetwork) []*apiv1.Endpoint {
	members := make([]*apiv1.Endpoint, len(n.GetEndpoints()))
	for i, e := range n.GetEndpoints() {
		members[i] = &apiv1.Endpoint{
			NetworkName: n.GetName(), Address: e.GetAddress(), Address6: e.GetAddress6(), Chassis: n.GetChassis(), Id: e.GetId(), Mac: e.GetMac(),
			Container: e.GetContainer(), Labels: e.GetLabels(), Created: e.GetCreated(), Aliases: e.GetAliases(), Driver: n.GetDriver(), Away: n.GetAway(),
		}
	}
	return members
}

// hostNetworkOf is a network of one host as that host would tell of it, as far as
// the controller knows.
func hostNetworkOf(n *apiv1.LocalNetwork) *apiv1.HostNetwork {
	m := &apiv1.HostNetwork{
		Id: n.GetId(), Name: n.GetName(), Driver: n.GetDriver(), Scope: scopeLocal, Internal: n.GetInternal(), Labels: n.GetLabels(), Created: n.GetCreated(),
	}
	var subnets []netip.Prefix
	for _, s := range n.GetSubnets() {
		m.Subnets = append(m.Subnets, &apiv1.HostSubnet{Subnet: s.GetSubnet(), Gateway: s.GetGateway()})
		p, err := netip.ParsePrefix(s.GetSubnet())
		if err != nil {
			continue // a controller of another version
		}
		subnets = append(subnets, p)
		m.Ipv4, m.Ipv6 = m.GetIpv4() || p.Addr().Is4(), m.GetIpv6() || p.Addr().Is6()
	}
	for _, e := range n.GetEndpoints() {
		m.Endpoints = append(m.Endpoints, &apiv1.HostEndpoint{
			Member: e.GetId(), Name: e.GetContainer(), Id: e.GetId(), Mac: e.GetMac(),
			Ipv4: within(subnets, e.GetAddress()), Ipv6: within(subnets, e.GetAddress6()),
		})
	}
	return m
}

// within writes an address with the length of the subnet that it is in.
func within(subnets []netip.Prefix, address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for _, p := range subnets {
		if p.Contains(a) {
			return netip.PrefixFrom(a, p.Bits()).String()
		}
	}
	return a.String()
}

// everyNetwork adds to what is listed the networks that other hosts have alone, and
// says of all of those where they are. One of this host is there already.
func everyNetwork(ctx context.Context, client *api.Client, rows []networkRow) ([]networkRow, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	r, err := client.Locals.List(ctx, connect.NewRequest(&apiv1.LocalServiceListRequest{}))
	if err != nil {
		return rows, err
	}
	listed := make(map[string]int, len(rows))
	for i, n := range rows {
		listed[n.ID] = i
	}
	for _, n := range r.Msg.GetNetworks() {
		if i, here := listed[n.GetId()]; here {
			rows[i].Switch = n.GetChassis()
			continue
		}
		row := newHostNetworkRow(hostNetworkOf(n))
		row.Switch, row.Away = n.GetChassis(), n.GetAway()
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(x, y networkRow) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Switch, y.Switch))
	})
	return rows, nil
}

// everywhereTable is networkTable with the column that tells hosts apart.
func everywhereTable() output.Table[networkRow] {
	t := networkTable
	t.Columns = append(slices.Clone(t.Columns), output.Column[networkRow]{Title: "SWITCH", Value: func(n networkRow) string {
		if n.Away {
			return n.Switch + " (away)"
		}
		return cmp.Or(n.Switch, "-")
	}})
	return t
}

// inspectLocal shows a network that one host has alone, named switch/network.
func inspectLocal(ctx context.Context, client *api.Client, name string) (networkDoc, error) {
	r, err := client.Locals.List(ctx, connect.NewRequest(&apiv1.LocalServiceListRequest{Network: name}))
	if err != nil {
		return networkDoc{}, err
	}
	found := r.Msg.GetNetworks()
	if len(found) != 1 {
		ids := make([]string, len(found))
		for i, n := range found {
			ids[i] = n.GetChassis() + "/" + n.GetId()
		}
		return networkDoc{}, &linkspan.Error{
			Code: linkspan.Conflict, Message: "network " + name + " may be any of " + strings.Join(ids, ", "), Hint: "name one so",
		}
	}
	doc, err := newHostDoc(hostNetworkOf(found[0]))
	doc.Attached = newEndpointRows(localMembers(found[0]))
	for id, c := range doc.Containers {
		c.Switch = found[0].GetChassis()
		doc.Containers[id] = c
	}
	return doc, err
}
