// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// reserved is the state of an address that no container has yet.
const reserved = "reserved"

// endpointRow is an endpoint as it is printed.
type endpointRow struct {
	Container string            `json:"container"`
	Network   string            `json:"network"`
	Address   string            `json:"address"`
	Chassis   string            `json:"chassis"`
	Address6  string            `json:"address6,omitempty"` // IPv6
	State     string            `json:"state"`              // attached or reserved; in a network of one host away, while that is
	MAC       string            `json:"mac,omitempty"`
	Port      uint32            `json:"port,omitempty"`   // OpenFlow
	Driver    string            `json:"driver,omitempty"` // of the network, where it has no such port
	ID        string            `json:"id,omitempty"`     // Docker's endpoint id
	Limits    *limitsRow        `json:"limits,omitempty"`
	Published []string          `json:"published,omitempty"` // ports on its host
	Aliases   []string          `json:"aliases,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Created   time.Time         `json:"created"`
	Held      string            `json:"held,omitempty"` // why its packets wait, or some of them
}

var endpointTable = output.Table[endpointRow]{
	Name: func(e endpointRow) string { return e.Chassis + "/" + e.Container + "." + e.Network },
	Columns: []output.Column[endpointRow]{
		{Title: "CONTAINER", Value: func(e endpointRow) string { return cmp.Or(e.Container, "-") }},
		{Title: "NETWORK", Value: func(e endpointRow) string { return e.Network }},
		{Title: "ADDRESS", Value: func(e endpointRow) string { return orDash(filled(e.Address, e.Address6)) }},
		{Title: "SWITCH", Value: func(e endpointRow) string { return e.Chassis }},
		{Title: "STATE", Value: func(e endpointRow) string { return e.State }},
		{Title: "MAC", Value: func(e endpointRow) string { return cmp.Or(e.MAC, "-") }},
		{Title: "DRIVER", Value: func(e endpointRow) string { return e.driver() }},
	},
	Wide: []output.Column[endpointRow]{
		{Title: "HELD", Value: func(e endpointRow) string { return cmp.Or(e.Held, "-") }},
		{Title: "LIMITS", Value: func(e endpointRow) string { return e.Limits.String() }},
		{Title: "PORTS", Value: func(e endpointRow) string { return cmp.Or(strings.Join(e.Published, ", "), "-") }},
		{Title: "ENDPOINT ID", Value: func(e endpointRow) string { return e.ID }},
	},
}

func newEndpointRows(endpoints []*apiv1.Endpoint) []endpointRow {
	rows := make([]endpointRow, len(endpoints))
	for i, e := range endpoints {
		rows[i] = endpointRow{
			Container: e.GetContainer(), Network: e.GetNetworkName(), Address: e.GetAddress(), Chassis: e.GetChassis(),
			State: "attached", MAC: e.GetMac(), Port: e.GetPort(), ID: e.GetId(), Aliases: e.GetAliases(), Labels: e.GetLabels(),
			Created: e.GetCreated().AsTime(), Driver: e.GetDriver(), Limits: newLimitsRow(e.GetLimits()), Published: e.GetPublished(),
		}
		rows[i].Address6, rows[i].Held = e.GetAddress6(), e.GetHeld()
		switch {
		case e.GetPort() == 0 && e.GetDriver() == "":
			rows[i].State = reserved
		case e.GetAway():
			rows[i].State = "away"
		}
	}
	slices.SortFunc(rows, func(x, y endpointRow) int {
		return cmp.Or(cmp.Compare(x.Network, y.Network), cmp.Compare(x.Chassis, y.Chassis),
			cmp.Compare(x.Container, y.Container), cmp.Compare(x.Address, y.Address))
	})
	return rows
}

// driver is what people call the driver of the endpoint's network; a reservation
// does not know it.
func (e endpointRow) driver() string {
	switch d := linkspan.Driver(e.Driver); {
	case e.State == reserved:
		return "-"
	case d.Is(linkspan.Hotplug):
		return driverName
	case d.Is(linkspan.Overlay):
		return mirror.OverlayDriver
	}
	return e.Driver
}

func (a *app) endpointCommand() *cobra.Command {
	return noun("endpoint", "containers' attachments to networks", a.endpointLs(), a.endpointInspect(), a.endpointMove(), a.endpointMoves())
}

func (a *app) endpointLs() *cobra.Command {
	var o output.Options
	req := &apiv1.EndpointServiceListRequest{}
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list endpoints on all hosts", Args: exactly(0),
		Long: `List endpoints on all hosts: those in networks of the fabric, and those in networks that
one host has alone, of drivers such as linkspan-bridge.`,
		Example: "  linkspan endpoint ls --network web\n  linkspan endpoint ls --network h2/back\n  linkspan endpoint ls --switch h2 -o json",
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
	c.Flags().StringVar(&req.Network, "network", "", "only those of this `network`, of one host also as switch/network")
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
