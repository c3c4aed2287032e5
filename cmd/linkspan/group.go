// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// groupRow is a group as it is printed.
type groupRow struct {
	Name     string            `json:"name"`
	Networks []string          `json:"networks"`
	Members  []groupNetworkRow `json:"members"`
	Labels   labels            `json:"labels,omitempty"`
	Created  time.Time         `json:"created"`
	Creator  string            `json:"creator,omitempty"`
}

// groupNetworkRow is a network of a group.
type groupNetworkRow struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Subnet string `json:"subnet"`
}

var groupTable = output.Table[groupRow]{
	Name: func(g groupRow) string { return g.Name },
	Columns: []output.Column[groupRow]{
		{Title: "GROUP", Value: func(g groupRow) string { return g.Name }},
		{Title: "NETWORKS", Value: func(g groupRow) string { return orDash(g.Networks) }},
	},
	Wide: []output.Column[groupRow]{
		{Title: "SUBNETS", Value: func(g groupRow) string {
			subnets := make([]string, len(g.Members))
			for i, n := range g.Members {
				subnets[i] = n.Subnet
			}
			return orDash(subnets)
		}},
		{Title: "LABELS", Value: func(g groupRow) string { return g.Labels.String() }},
		{Title: "CREATOR", Value: func(g groupRow) string { return g.Creator }},
		{Title: "CREATED", Value: func(g groupRow) string { return g.Created.Format(time.RFC3339) }},
	},
}

func newGroupRow(g *apiv1.Group) groupRow {
	row := groupRow{
		Name: g.GetName(), Networks: []string{}, Members: []groupNetworkRow{}, Labels: g.GetLabels(),
		Created: g.GetCreated().AsTime(), Creator: g.GetCreator(),
	}
	for _, n := range g.GetNetworks() {
		row.Networks = append(row.Networks, n.GetName())
		row.Members = append(row.Members, groupNetworkRow{linkspan.NetworkID(n.GetId()).String(), n.GetName(), n.GetSubnet()})
	}
	return row
}

func (a *app) groupCommand() *cobra.Command {
	c := noun("group", "networks whose containers may talk with each other",
		a.groupLs(), a.groupCreate(), a.groupRm(), a.groupInspect(), a.groupAdd(), a.groupRemove())
	c.Long = `Groups are sets of networks whose containers may talk, on one host and across hosts.
Without one, containers reach those of their own networks only. Networks whose addresses
overlap cannot be in reach of one group.`
	return c
}

func (a *app) groupLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list groups and their networks", Args: exactly(0),
		Example: "  linkspan group ls\n  linkspan group ls --format '{{.Name}} {{.Networks}}'",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Groups.List(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceListRequest{}))
			if err != nil {
				return err
			}
			rows := make([]groupRow, len(r.Msg.GetGroups()))
			for i, g := range r.Msg.GetGroups() {
				rows[i] = newGroupRow(g)
			}
			return groupTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) groupCreate() *cobra.Command {
	var given []string
	c := &cobra.Command{
		Use: "create [flags] GROUP [NETWORK...]", Short: "create a group, of some networks or of none", Args: atLeast(1),
		Example:           "  linkspan group create shop\n  linkspan group create --label team=blue shop web db",
		ValidArgsFunction: a.completeGroupThenNetworks,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			pairs, err := parsePairs("label", given)
			if err != nil {
				return err
			}
			networks, err := groupable(cmd.Context(), client, args[1:])
			if err != nil {
				return err
			}
			r, err := client.Groups.Create(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceCreateRequest{
				Name: args[0], Labels: pairs, Networks: networks,
			}))
			if err == nil {
				fmt.Fprintln(a.out, r.Msg.GetGroup().GetName())
			}
			return err
		}),
	}
	c.Flags().StringArrayVar(&given, "label", nil, "attach a label, as `key=value`; may be repeated")
	return c
}

func (a *app) groupRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm GROUP...", Short: "remove groups; their networks stay", Args: atLeast(1),
		Long:              "Remove groups. Their networks stay; routes between them that nothing else allows end at once.",
		Example:           "  linkspan group rm shop",
		ValidArgsFunction: a.completeGroups,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			return a.each(cmd, args, func(name string) error {
				_, err := client.Groups.Remove(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceRemoveRequest{Group: name}))
				return err
			})
		}),
	}
}

func (a *app) groupInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect GROUP...", Short: "show all of groups", Args: atLeast(1),
		Example:           "  linkspan group inspect shop\n  linkspan group inspect -f '{{range .Members}}{{.Subnet}} {{end}}' shop",
		ValidArgsFunction: a.completeGroups,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			rows := []groupRow{}
			failed := false
			for _, name := range args {
				r, err := client.Groups.Get(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceGetRequest{Group: name}))
				if err != nil {
					failed = true
					report(a.err, cmd, err)
					continue
				}
				rows = append(rows, newGroupRow(r.Msg.GetGroup()))
			}
			if failed && len(rows) == 0 {
				return status(exitFailed)
			}
			if err := output.PrintAll(a.out, o, rows); err != nil || !failed {
				return err
			}
			return status(exitFailed)
		}),
	}
	o.AddFlags(c.Flags(), false)
	return c
}

func (a *app) groupAdd() *cobra.Command {
	return &cobra.Command{
		Use: "add GROUP NETWORK...", Short: "put networks into a group", Args: atLeast(2),
		Long: `Put networks into a group, all or none; containers that run already are not touched, and
reach the others from now on. Networks whose addresses overlap, with each other or with
what one of them reaches by another group, are refused; so are those by which a link would
lead nowhere, overlays, internal networks and those of one host alone.`,
		Example:           "  linkspan group add shop web db",
		ValidArgsFunction: a.completeGroupThenNetworks,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			networks, err := groupable(cmd.Context(), client, args[1:])
			if err != nil {
				return err
			}
			_, err = client.Groups.Add(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceAddRequest{Group: args[0], Networks: networks}))
			return err
		}),
	}
}

func (a *app) groupRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove GROUP NETWORK...", Short: "take networks out of a group", Args: atLeast(2),
		Long: `Take networks out of a group, all or none. Routes that were allowed by it alone end at
once. To remove the group itself: linkspan group rm.`,
		Example:           "  linkspan group remove shop db",
		ValidArgsFunction: a.completeGroupThenNetworks,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Groups.Leave(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceLeaveRequest{Group: args[0], Networks: args[1:]}))
			return err
		}),
	}
}

// groupable returns how the fabric knows the networks that were typed, and refuses
// those of this host alone: no route leads out of them. What this host does not know
// is the controller's to answer, which knows those of other hosts, too.
func groupable(ctx context.Context, client *api.Client, names []string) ([]string, error) {
	var known []string
	for _, name := range names {
		n, err := findNetwork(ctx, client, &apiv1.HostServiceGetNetworkRequest{Network: name})
		if linkspan.CodeOf(api.FromRPC(err)) == linkspan.NotFound {
			known = append(known, name)
			continue
		}
		if err != nil {
			return nil, err
		}
		if n.here != nil {
			return nil, &linkspan.Error{
				Code:    linkspan.Invalid,
				Message: fmt.Sprintf("network %s is of driver %s and of this host alone: no route can lead from it to another network", name, n.here.GetDriver()),
				Hint:    "make a network of driver linkspan instead: linkspan network create --subnet " + exampleSubnet + " NAME",
			}
		}
		known = append(known, n.fabric)
	}
	return known, nil
}

// exampleSubnet stands in hints.
const exampleSubnet = "10.7.0.0/24"

// completeGroups offers the names of groups.
func (a *app) completeGroups(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Groups.List(cmd.Context(), connect.NewRequest(&apiv1.GroupServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, g := range r.Msg.GetGroups() {
		names = append(names, g.GetName())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeGroupThenNetworks offers groups, then networks.
func (a *app) completeGroupThenNetworks(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeGroups(cmd, args, begun)
	}
	return a.completeNetworks(cmd, args, begun)
}
