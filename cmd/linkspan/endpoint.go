// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// endpointRow is an endpoint as it is printed.
type endpointRow struct {
	Container string            `json:"container"`
	Network   string            `json:"network"`
	Address   string            `json:"address"`
	Chassis   string            `json:"chassis"`
	State     string            `json:"state"` // attached or reserved
	MAC       string            `json:"mac,omitempty"`
	Port      uint32            `json:"port,omitempty"`   // OpenFlow
	Driver    string            `json:"driver,omitempty"` // of the network, where it has no such port
	ID        string            `json:"id,omitempty"`     // Docker's endpoint id
	Limits    *limitsRow        `json:"limits,omitempty"`
	Aliases   []string          `json:"aliases,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Created   time.Time         `json:"created"`
}

var endpointTable = output.Table[endpointRow]{
	Name: func(e endpointRow) string { return e.Chassis + "/" + e.Container + "." + e.Network },
	Columns: []output.Column[endpointRow]{
		{Title: "CONTAINER", Value: func(e endpointRow) string { return cmp.Or(e.Container, "-") }},
		{Title: "NETWORK", Value: func(e endpointRow) string { return e.Network }},
		{Title: "ADDRESS", Value: func(e endpointRow) string { return e.Address }},
		{Title: "SWITCH", Value: func(e endpointRow) string { return e.Chassis }},
		{Title: "STATE", Value: func(e endpointRow) string { return e.State }},
		{Title: "MAC", Value: func(e endpointRow) string { return cmp.Or(e.MAC, "-") }},
	},
	Wide: []output.Column[endpointRow]{
		{Title: "LIMITS", Value: func(e endpointRow) string { return e.Limits.String() }},
		{Title: "ENDPOINT ID", Value: func(e endpointRow) string { return e.ID }},
	},
}

func newEndpointRows(endpoints []*apiv1.Endpoint) []endpointRow {
	rows := make([]endpointRow, len(endpoints))
	for i, e := range endpoints {
		rows[i] = endpointRow{
			Container: e.GetContainer(), Network: e.GetNetworkName(), Address: e.GetAddress(), Chassis: e.GetChassis(),
			State: "attached", MAC: e.GetMac(), Port: e.GetPort(), ID: e.GetId(), Aliases: e.GetAliases(), Labels: e.GetLabels(),
			Created: e.GetCreated().AsTime(), Driver: e.GetDriver(), Limits: newLimitsRow(e.GetLimits()),
		}
		if e.GetPort() == 0 && e.GetDriver() == "" {
			rows[i].State = "reserved"
		}
	}
	slices.SortFunc(rows, func(x, y endpointRow) int {
		return cmp.Or(cmp.Compare(x.Network, y.Network), cmp.Compare(x.Chassis, y.Chassis),
			cmp.Compare(x.Container, y.Container), cmp.Compare(x.Address, y.Address))
	})
	return rows
}

func (a *app) endpointCommand() *cobra.Command {
	return noun("endpoint", "containers' attachments to networks", a.endpointLs(), a.endpointInspect())
}

func (a *app) endpointLs() *cobra.Command {
	var o output.Options
	req := &apiv1.EndpointServiceListRequest{}
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list endpoints on all hosts", Args: exactly(0),
		Example: "  linkspan endpoint ls --network web\n  linkspan endpoint ls --switch h2 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Endpoints.List(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			return endpointTable.Print(a.out, o, newEndpointRows(r.Msg.GetEndpoints()))
		},
	}
	c.Flags().StringVar(&req.Network, "network", "", "only those of this `network`")
	c.Flags().StringVar(&req.Chassis, "switch", "", "only those on this `switch`")
	_ = c.RegisterFlagCompletionFunc("network", a.completeNetworks)
	_ = c.RegisterFlagCompletionFunc("switch", a.completeSwitches)
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) endpointInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect ENDPOINT", Short: "show all of an endpoint", Args: exactly(1),
		Long:    "Show all of an endpoint, named [chassis/]container[.network] or by address.",
		Example: "  linkspan endpoint inspect h2/db1\n  linkspan endpoint inspect db1.web",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Endpoints.Get(cmd.Context(), connect.NewRequest(&apiv1.EndpointServiceGetRequest{Endpoint: args[0]}))
			if err != nil {
				return err
			}
			return output.PrintOne(a.out, o, newEndpointRows([]*apiv1.Endpoint{r.Msg.GetEndpoint()})[0])
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}
