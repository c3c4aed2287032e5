// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// networkRow is a network as it is printed.
type networkRow struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Driver    string            `json:"driver"`
	Subnet    string            `json:"subnet"`
	Gateway   string            `json:"gateway"`
	Range     string            `json:"range,omitempty"`
	VNI       uint32            `json:"vni,omitempty"` // of an overlay
	Idle      string            `json:"idle"`          // of routes
	MTU       uint32            `json:"mtu,omitempty"`
	Aux       map[string]string `json:"aux,omitempty"`
	Internal  bool              `json:"internal"`
	Transport string            `json:"transport"` // asked for
	Labels    map[string]string `json:"labels,omitempty"`
	Endpoints uint32            `json:"endpoints"`
	Created   time.Time         `json:"created"`
	Creator   string            `json:"creator,omitempty"`

	Attached []endpointRow `json:"attached,omitempty"` // inspect only
	Ways     []wayRow      `json:"ways,omitempty"`     // inspect only
}

// wayRow is how packets go between some pairs of the network's switches.
type wayRow struct {
	Transport string   `json:"transport"` // direct, tunnel, overlay or none
	Reason    string   `json:"reason,omitempty"`
	Count     uint32   `json:"count"`
	Pairs     []string `json:"pairs"` // the first of them
}

func newWayRows(ways []*apiv1.Way) []wayRow {
	rows := make([]wayRow, len(ways))
	for i, w := range ways {
		rows[i] = wayRow{Transport: cmp.Or(w.GetTransport(), "none"), Reason: w.GetReason(), Count: w.GetCount()}
		for _, p := range w.GetPairs() {
			rows[i].Pairs = append(rows[i].Pairs, p.GetA()+"-"+p.GetB())
		}
	}
	return rows
}

var networkTable = output.Table[networkRow]{
	Name: func(n networkRow) string { return n.Name },
	Columns: []output.Column[networkRow]{
		{Title: "NETWORK ID", Value: func(n networkRow) string { return n.ID }},
		{Title: "NAME", Value: func(n networkRow) string { return n.Name }},
		{Title: "DRIVER", Value: func(n networkRow) string { return n.Driver }},
		{Title: "SUBNET", Value: func(n networkRow) string { return n.Subnet }},
		{Title: "GATEWAY", Value: func(n networkRow) string { return n.Gateway }},
		{Title: "IDLE", Value: func(n networkRow) string { return cmp.Or(n.Idle, "-") }},
		{Title: "ENDPOINTS", Value: func(n networkRow) string { return strconv.Itoa(int(n.Endpoints)) }},
	},
	Wide: []output.Column[networkRow]{
		{Title: "TRANSPORT", Value: func(n networkRow) string { return cmp.Or(n.Transport, "-") }},
		{Title: "CREATOR", Value: func(n networkRow) string { return n.Creator }},
		{Title: "CREATED", Value: func(n networkRow) string { return n.Created.Format(time.RFC3339) }},
	},
}

func newNetworkRow(n *apiv1.Network) networkRow {
	row := networkRow{
		ID: linkspan.NetworkID(n.GetId()).String(), Name: n.GetName(), Subnet: n.GetSubnet(), Gateway: n.GetGateway(),
		Range: n.GetRange(), Idle: n.GetIdle().AsDuration().String(), MTU: n.GetMtu(), Aux: n.GetAux(), Internal: n.GetInternal(),
		Labels: n.GetLabels(), Endpoints: n.GetEndpoints(), Created: n.GetCreated().AsTime(), Creator: n.GetCreator(),
		Transport: cmp.Or(n.GetTransport(), string(linkspan.Auto)), Driver: string(linkspan.Driver(n.GetDriver()).Name()),
	}
	if linkspan.Driver(row.Driver).Is(linkspan.Overlay) { // which has no routes
		row.VNI, row.Idle, row.Transport = n.GetId(), "", ""
	}
	return row
}

func (a *app) networkCommand() *cobra.Command {
	return noun("network", "networks, each under one name on every host",
		a.networkLs(), a.networkCreate(), a.networkRm(), a.networkInspect())
}

func (a *app) networkLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list networks", Args: exactly(0),
		Example: "  linkspan network ls\n  linkspan network ls --format '{{.Name}} {{.Subnet}}'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Networks.List(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
			if err != nil {
				return err
			}
			rows := make([]networkRow, len(r.Msg.GetNetworks()))
			for i, n := range r.Msg.GetNetworks() {
				rows[i] = newNetworkRow(n)
			}
			slices.SortFunc(rows, func(x, y networkRow) int { return strings.Compare(x.Name, y.Name) })
			return networkTable.Print(a.out, o, rows)
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) networkCreate() *cobra.Command {
	n := &apiv1.Network{}
	var idle time.Duration
	var labels, aux []string
	c := &cobra.Command{
		Use: "create [flags] NAME", Short: "create a network on every host", Args: exactly(1),
		Long: `Create a network. It appears under its name in docker network ls of every host.
Containers of it talk across hosts; containers of other networks do not reach it.`,
		Example: `  linkspan network create --subnet 10.7.0.0/24 web
  linkspan network create --subnet 10.8.0.0/16 --ip-range 10.8.4.0/22 --idle 5m db
  linkspan network create --driver overlay --subnet 10.9.0.0/24 wire`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name, n.Idle = args[0], durationpb.New(idle)
			var err error
			if n.Labels, err = parsePairs("label", labels); err != nil {
				return err
			}
			if n.Aux, err = parsePairs("auxiliary address", aux); err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Networks.Create(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{Network: n}))
			if err == nil {
				_, err = fmt.Fprintln(a.out, linkspan.NetworkID(r.Msg.GetNetwork().GetId()))
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&n.Subnet, "subnet", "", "addresses of the network, in `CIDR` form (needed)")
	f.StringVar(&n.Driver, "driver", string(linkspan.Hotplug), "what carries its packets: hotplug (routes) or overlay (one layer 2 by VXLAN) (`choice`)")
	f.StringVar(&n.Gateway, "gateway", "", "`address` of the router (default: the first of the subnet)")
	f.StringVar(&n.Range, "ip-range", "", "lease addresses from this `CIDR` only")
	f.StringArrayVar(&aux, "aux-address", nil, "keep an address out of use, as `name=address`; may be repeated")
	f.DurationVar(&idle, "idle", linkspan.DefaultIdle, "unplug a route after this `time` without a packet")
	f.Uint32Var(&n.Mtu, "mtu", 0, "largest packet of a container, in `bytes` (default: what the transport carries)")
	f.StringVar(&n.Transport, "transport", "auto", "how packets go between hosts: auto, direct or tunnel (`choice`); direct refuses hosts without a direct path")
	f.BoolVar(&n.Internal, "internal", false, "give containers no default route")
	f.StringArrayVar(&labels, "label", nil, "attach a label, as `key=value`; may be repeated")
	_ = c.MarkFlagRequired("subnet")
	return c
}

func parsePairs(what string, given []string) (map[string]string, error) {
	pairs := make(map[string]string, len(given))
	for _, p := range given {
		key, value, _ := strings.Cut(p, "=")
		if key == "" {
			return nil, usageError{fmt.Errorf("%s %q has no name", what, p)}
		}
		pairs[key] = value
	}
	return pairs, nil
}

func (a *app) networkRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm NETWORK...", Aliases: []string{"remove"}, Short: "remove networks from every host", Args: atLeast(1),
		Long:              "Remove networks, by name or id, from every host. A network with an endpoint on any host stays.",
		Example:           "  linkspan network rm web",
		ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return a.each(cmd, args, func(name string) error {
				_, err := client.Networks.Remove(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceRemoveRequest{Network: name}))
				return err
			})
		},
	}
}

func (a *app) networkInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect NETWORK", Short: "show all of a network and its endpoints", Args: exactly(1),
		Example:           "  linkspan network inspect web\n  linkspan network inspect --format '{{.Subnet}}' web",
		ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Networks.Get(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: args[0]}))
			if err != nil {
				return err
			}
			row := newNetworkRow(r.Msg.GetNetwork())
			row.Attached = newEndpointRows(r.Msg.GetEndpoints())
			row.Ways = newWayRows(r.Msg.GetWays())
			return output.PrintOne(a.out, o, row)
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}

// completeNetworks offers the names of networks that a command may mean.
func (a *app) completeNetworks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Networks.List(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make(map[string]bool)
	for _, n := range r.Msg.GetNetworks() {
		names[n.GetName()] = true
	}
	return slices.Sorted(maps.Keys(names)), cobra.ShellCompDirectiveNoFileComp
}

// each does one thing to every argument, prints those that succeeded, tells of
// those that did not, and goes on: as docker does.
func (a *app) each(cmd *cobra.Command, args []string, do func(string) error) error {
	failed := false
	for _, arg := range args {
		err := do(arg)
		if err == nil {
			fmt.Fprintln(a.out, arg)
			continue
		}
		failed = true
		report(a.err, cmd, err)
	}
	if failed {
		return status(exitFailed)
	}
	return nil
}
