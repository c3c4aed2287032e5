// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/dockerargs"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// scopeGlobal is the scope of networks of the fabric: they are on every host.
const scopeGlobal = "global"

// listLimit is how long the controller is waited for, as what this host knows by
// itself can be shown without it.
const listLimit = 15 * time.Second

// networkRow is a network as it is listed.
type networkRow struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Driver    string            `json:"driver"`
	Scope     string            `json:"scope"`
	Subnet    string            `json:"subnet"`
	Gateway   string            `json:"gateway"`
	Range     string            `json:"range,omitempty"`
	Subnet6   string            `json:"subnet6,omitempty"` // of the fabric's, IPv6 beside Subnet
	Gateway6  string            `json:"gateway6,omitempty"`
	Range6    string            `json:"range6,omitempty"`
	VNI       uint32            `json:"vni,omitempty"` // of an overlay
	Idle      string            `json:"idle,omitempty"`
	MTU       uint32            `json:"mtu,omitempty"`
	Aux       map[string]string `json:"aux,omitempty"`
	IPv4      bool              `json:"ipv4"`
	IPv6      bool              `json:"ipv6"`
	Internal  bool              `json:"internal"`
	Transport string            `json:"transport,omitempty"` // asked for
	Limits    *limitsRow        `json:"limits,omitempty"`    // of endpoints that have none of their own
	Labels    labels            `json:"labels,omitempty"`
	Endpoints uint32            `json:"endpoints"`
	Created   time.Time         `json:"created"`
	Creator   string            `json:"creator,omitempty"`
	Switch    string            `json:"switch,omitempty"` // of one host, where networks of all are listed
	Away      bool              `json:"away,omitempty"`   // that switch: things may have changed there
}

// labels are printed by a template as docker does.
type labels map[string]string

func (l labels) String() string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(l)) {
		list = append(list, key+"="+l[key])
	}
	return strings.Join(list, ",")
}

// Label is the value of a label, for templates.
func (n networkRow) Label(key string) string { return n.Labels[key] }

// CreatedAt is the time in the form that docker gives it.
func (n networkRow) CreatedAt() string { return n.Created.String() }

// Line implements [output.Liner] with what docker prints.
func (n networkRow) Line() any {
	return map[string]string{
		"CreatedAt": n.CreatedAt(), "Driver": n.Driver, "ID": n.ID, "IPv4": strconv.FormatBool(n.IPv4), "IPv6": strconv.FormatBool(n.IPv6),
		"Internal": strconv.FormatBool(n.Internal), "Labels": n.Labels.String(), "Name": n.Name, "Scope": n.Scope,
	}
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

// networkTable begins as docker's. An endpoint count of one of Docker's networks
// says only whether there is any.
var networkTable = output.Table[networkRow]{
	Name: func(n networkRow) string { return n.ID },
	Columns: []output.Column[networkRow]{
		{Title: "NETWORK ID", Value: func(n networkRow) string { return n.ID }},
		{Title: "NAME", Value: func(n networkRow) string { return n.Name }},
		{Title: "DRIVER", Value: func(n networkRow) string { return n.Driver }},
		{Title: "SCOPE", Value: func(n networkRow) string { return n.Scope }},
		{Title: "SUBNET", Value: func(n networkRow) string { return orDash(filled(n.Subnet, n.Subnet6)) }},
	},
	Wide: []output.Column[networkRow]{
		{Title: "GATEWAY", Value: func(n networkRow) string { return orDash(filled(n.Gateway, n.Gateway6)) }},
		{Title: "IDLE", Value: func(n networkRow) string { return cmp.Or(n.Idle, "-") }},
		{Title: "TRANSPORT", Value: func(n networkRow) string { return cmp.Or(n.Transport, "-") }},
		{Title: "LIMITS", Value: func(n networkRow) string { return n.Limits.String() }},
		{Title: "CREATOR", Value: func(n networkRow) string { return cmp.Or(n.Creator, "-") }},
		{Title: "CREATED", Value: func(n networkRow) string { return n.Created.Format(time.RFC3339) }},
	},
	Heads: map[string]string{"ID": "NETWORK ID", "CreatedAt": "CREATED AT"},
}

func newNetworkRow(n *apiv1.Network) networkRow {
	row := networkRow{
		ID: linkspan.NetworkID(n.GetId()).String(), Name: n.GetName(), Driver: fabricDriver(n), Scope: scopeGlobal,
		Subnet: n.GetSubnet(), Gateway: n.GetGateway(), IPv4: true,
		Subnet6: n.GetSubnet6(), Gateway6: n.GetGateway6(), Range6: n.GetRange6(), IPv6: n.GetSubnet6() != "",
		Range: n.GetRange(), Idle: n.GetIdle().AsDuration().String(), MTU: n.GetMtu(), Aux: n.GetAux(), Internal: n.GetInternal(),
		Labels: n.GetLabels(), Endpoints: n.GetEndpoints(), Created: n.GetCreated().AsTime(), Creator: n.GetCreator(),
		Transport: cmp.Or(n.GetTransport(), string(linkspan.Auto)), Limits: newLimitsRow(n.GetLimits()),
	}
	if linkspan.Driver(n.GetDriver()).Is(linkspan.Overlay) { // which has no routes
		row.VNI, row.Idle, row.Transport = n.GetId(), "", ""
	}
	return row
}

// filled returns those texts that are not empty.
func filled(texts ...string) []string {
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

// fabricDriver is the driver of a network of the fabric, as Docker calls it.
func fabricDriver(n *apiv1.Network) string {
	if linkspan.Driver(n.GetDriver()).Is(linkspan.Overlay) {
		return mirror.OverlayDriver
	}
	return driverName
}

func newHostNetworkRow(n *apiv1.HostNetwork) networkRow {
	row := networkRow{
		ID: n.GetId(), Name: n.GetName(), Driver: n.GetDriver(), Scope: n.GetScope(), IPv4: n.GetIpv4(), IPv6: n.GetIpv6(),
		Internal: n.GetInternal(), Labels: n.GetLabels(), Endpoints: uint32(len(n.GetEndpoints())), Created: n.GetCreated().AsTime(),
	}
	for _, s := range n.GetSubnets() {
		if row.Subnet == "" {
			row.Subnet, row.Gateway, row.Range, row.Aux = s.GetSubnet(), s.GetGateway(), s.GetRange(), s.GetAux()
		}
	}
	return row
}

// asked is the network as filters see it.
func (n networkRow) asked() dockerargs.Network {
	return dockerargs.Network{
		ID: n.ID, Name: n.Name, Driver: n.Driver, Scope: n.Scope, Labels: n.Labels, Created: n.Created,
		Used: n.Endpoints > 0, Builtin: n.Scope != scopeGlobal && isBuiltin(n.Name),
	}
}

// isBuiltin says whether a network of that name is one that Docker comes with.
func isBuiltin(name string) bool { return name == "bridge" || name == "host" || name == "none" }

func (a *app) networkCommand() *cobra.Command {
	return noun("network", "networks of all hosts, and of this one",
		a.networkLs(), a.networkCreate(), a.networkRm(), a.networkInspect(), a.networkConnect(), a.networkDisconnect(), a.networkPrune())
}

func (a *app) networkLs() *cobra.Command {
	var o output.Options
	var given []string
	var all bool
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list networks", Args: exactly(0),
		Long: `List networks: those of the fabric, which are on every host, and on a switch those
of this host too, Docker's among them. With --all also those that other hosts have alone,
of the drivers that Linkspan serves. A filter is one of driver, id, label, name,
scope, type (custom or builtin) and dangling (true: nothing is attached).`,
		Example: "  linkspan network ls\n  linkspan network ls --all\n  linkspan network ls --filter scope=global --format '{{.Name}} {{.Subnet}}'\n  linkspan network ls -q -f label=team=blue",
		RunE: func(cmd *cobra.Command, _ []string) error {
			filters, err := dockerargs.ParseFilters(given, "driver", "id", "label", "name", "scope", "type", "dangling")
			if err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			rows, away := networkRows(cmd.Context(), client)
			if away != nil && rows == nil {
				return away
			}
			table := networkTable
			if all && away == nil {
				table = everywhereTable()
				rows, away = everyNetwork(cmd.Context(), client, rows)
			}
			rows = slices.DeleteFunc(rows, func(n networkRow) bool { return !filters.Match(n.asked()) })
			if err := table.Print(a.out, o, shortIDs(rows, o)); err != nil || away == nil {
				return err
			}
			report(a.err, cmd, away) // what this host knows by itself is printed
			return status(exitFailed)
		},
	}
	o.AddFlags(c.Flags(), true)
	c.Flags().Lookup("quiet").Usage = "print ids only"
	c.Flags().BoolVarP(&all, "all", "a", false, "also those that other hosts have alone")
	c.Flags().StringArrayVarP(&given, "filter", "f", nil, "only those that a `filter` lets pass, as in driver=bridge; may be repeated")
	return c
}

// shortIDs cuts ids for people to the twelve characters that docker shows.
func shortIDs(rows []networkRow, o output.Options) []networkRow {
	if o.NoTrunc || !o.Quiet && (o.Output == "json" || o.Output == "yaml") {
		return rows
	}
	for i := range rows {
		rows[i].ID = rows[i].ID[:min(12, len(rows[i].ID))]
	}
	return rows
}

// networkRows lists the networks of the fabric and those of this host, by name.
// When one of both does not answer, the error says so beside what the other one
// said.
func networkRows(ctx context.Context, client *api.Client) ([]networkRow, error) {
	var rows []networkRow
	here, errHere := client.Host.ListNetworks(ctx, connect.NewRequest(&apiv1.HostServiceListNetworksRequest{}))
	if errHere == nil {
		rows = make([]networkRow, 0, len(here.Msg.GetNetworks()))
		for _, n := range here.Msg.GetNetworks() {
			rows = append(rows, newHostNetworkRow(n))
		}
	}
	if connect.CodeOf(errHere) == connect.CodeUnimplemented {
		errHere = nil
	}
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	r, err := client.Networks.List(ctx, connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	if err == nil {
		for _, n := range r.Msg.GetNetworks() {
			rows = append(rows, newNetworkRow(n))
		}
	}
	slices.SortStableFunc(rows, func(x, y networkRow) int { return strings.Compare(x.Name, y.Name) })
	if err == nil {
		err = errHere
	}
	return rows, err
}

// completeNetworks offers the names of networks that a command may mean.
func (a *app) completeNetworks(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	rows, _ := networkRows(cmd.Context(), client) // what is known is offered
	names := make(map[string]bool)
	for _, n := range rows {
		names[n.Name] = true
	}
	return slices.Sorted(maps.Keys(names)), cobra.ShellCompDirectiveNoFileComp
}

func parsePairs(what string, given []string) (map[string]string, error) {
	pairs := make(map[string]string, len(given))
	for _, p := range given {
		key, value, _ := strings.Cut(p, "=")
		if key == "" {
			return nil, usageError{fmt.Errorf("invalid %s '%s': empty name", what, p)}
		}
		pairs[key] = value
	}
	return pairs, nil
}

// errNothing says that there was nothing to do, and nothing to tell. It is never
// changed.
var errNothing = errors.New("nothing to do")

// each does one thing to every argument, prints those that succeeded, tells of
// those that did not, and goes on: as docker does.
func (a *app) each(cmd *cobra.Command, args []string, do func(string) error) error {
	failed := false
	for _, arg := range args {
		err := do(arg)
		if errors.Is(err, errNothing) {
			continue
		}
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
