// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// linkRow is a link as it is printed.
type linkRow struct {
	A          string    `json:"a"` // chassis/container, with .network where that is named
	B          string    `json:"b"`
	Verdict    string    `json:"verdict"` // allow or deny
	AAddresses []string  `json:"a_addresses"`
	BAddresses []string  `json:"b_addresses"`
	Created    time.Time `json:"created"`
	Creator    string    `json:"creator,omitempty"`
}

var linkTable = output.Table[linkRow]{
	Name: func(l linkRow) string { return l.A + " " + l.B },
	Columns: []output.Column[linkRow]{
		{Title: "A", Value: func(l linkRow) string { return l.A }},
		{Title: "B", Value: func(l linkRow) string { return l.B }},
		{Title: "VERDICT", Value: func(l linkRow) string { return l.Verdict }},
	},
	Wide: []output.Column[linkRow]{
		{Title: "A ADDRESSES", Value: func(l linkRow) string { return orDash(l.AAddresses) }},
		{Title: "B ADDRESSES", Value: func(l linkRow) string { return orDash(l.BAddresses) }},
		{Title: "CREATOR", Value: func(l linkRow) string { return cmp.Or(l.Creator, "-") }},
		{Title: "CREATED", Value: func(l linkRow) string { return l.Created.Format(time.RFC3339) }},
	},
}

// newLinkRow writes the ends in the order of their names.
func newLinkRow(l *apiv1.Link) linkRow {
	a, b := l.GetA(), l.GetB()
	if linkEnd(b) < linkEnd(a) {
		a, b = b, a
	}
	return linkRow{
		A: linkEnd(a), B: linkEnd(b), Verdict: l.GetVerdict(), Created: l.GetCreated().AsTime(), Creator: l.GetCreator(),
		AAddresses: orNone(a.GetAddresses()), BAddresses: orNone(b.GetAddresses()),
	}
}

// linkEnd names an end in full.
func linkEnd(e *apiv1.LinkEnd) string {
	name := e.GetChassis() + "/" + e.GetContainer()
	if e.GetNetwork() != "" {
		name += "." + e.GetNetwork()
	}
	return name
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

const linkNames = `Containers are named [switch/]container[.network], on any host; a name that may be several is
refused with the candidates. With a network, only that attachment is meant. The link holds over
a restart, and for a container made anew under its name on its host, until linkspan link clear.`

func (a *app) connectCommand() *cobra.Command {
	return &cobra.Command{
		Use: "connect CONTAINER CONTAINER", Short: "let two containers talk, whatever their networks", Args: exactly(2),
		Long: "Let two containers talk, whatever their networks. It is refused where their addresses overlap,\n" +
			"with each other's networks or with what other links connect.\n" + linkNames +
			"\n(linkspan network connect is another thing: it attaches a container to a network.)",
		Example:           "  linkspan connect h1/web db\n  linkspan connect web.front db.back",
		ValidArgsFunction: a.completeContainers,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Links.Connect(cmd.Context(), connect.NewRequest(&apiv1.LinkServiceConnectRequest{A: args[0], B: args[1]}))
			return err
		}),
	}
}

func (a *app) disconnectCommand() *cobra.Command {
	return &cobra.Command{
		Use: "disconnect CONTAINER CONTAINER", Short: "keep two containers from talking, also of one network", Args: exactly(2),
		Long: "Keep two containers from talking, also those of one network. What they have running ends at once.\n" +
			"It is refused where both are in a network that the kernel alone carries (an overlay, or one of their host).\n" + linkNames +
			"\n(linkspan network disconnect is another thing: it detaches a container from a network.)",
		Example:           "  linkspan disconnect h1/web db\n  linkspan disconnect web.front db.front",
		ValidArgsFunction: a.completeContainers,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Links.Disconnect(cmd.Context(), connect.NewRequest(&apiv1.LinkServiceDisconnectRequest{A: args[0], B: args[1]}))
			return err
		}),
	}
}

func (a *app) linkCommand() *cobra.Command {
	c := noun("link", "which containers were connected or disconnected by hand", a.linkLs(), a.linkClear())
	c.Long = `Links are what linkspan connect and linkspan disconnect made: a person's word about two
containers, which comes before networks and groups.`
	return c
}

func (a *app) linkLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list links", Args: exactly(0),
		Example: "  linkspan link ls\n  linkspan link ls --no-trunc     with the addresses that the containers have now",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Links.List(cmd.Context(), connect.NewRequest(&apiv1.LinkServiceListRequest{}))
			if err != nil {
				return err
			}
			rows := make([]linkRow, len(r.Msg.GetLinks()))
			for i, l := range r.Msg.GetLinks() {
				rows[i] = newLinkRow(l)
			}
			slices.SortFunc(rows, func(x, y linkRow) int { return cmp.Or(strings.Compare(x.A, y.A), strings.Compare(x.B, y.B)) })
			return linkTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) linkClear() *cobra.Command {
	return &cobra.Command{
		Use: "clear CONTAINER CONTAINER", Short: "remove a link, so that networks and groups decide again", Args: exactly(2),
		Long: `Remove the link between two containers, so that networks and groups decide again. They need
not exist any more. Names are as linkspan link ls shows them; shorter ones do where only
one link can be meant.`,
		Example:           "  linkspan link clear h1/web h2/db\n  linkspan link clear web db",
		ValidArgsFunction: a.completeLinks,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Links.Clear(cmd.Context(), connect.NewRequest(&apiv1.LinkServiceClearRequest{A: args[0], B: args[1]}))
			return err
		}),
	}
}

// completeContainers offers the containers of all hosts, in full.
func (a *app) completeContainers(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Endpoints.List(cmd.Context(), connect.NewRequest(&apiv1.EndpointServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, e := range r.Msg.GetEndpoints() {
		if name := e.GetChassis() + "/" + e.GetContainer(); e.GetContainer() != "" && !slices.Contains(args, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// completeLinks offers the ends of links: first all, then those opposite to what was
// typed.
func (a *app) completeLinks(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil || len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Links.List(cmd.Context(), connect.NewRequest(&apiv1.LinkServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, l := range r.Msg.GetLinks() {
		a, b := linkEnd(l.GetA()), linkEnd(l.GetB())
		switch {
		case len(args) == 0:
			names = append(names, a, b)
		case args[0] == a:
			names = append(names, b)
		case args[0] == b:
			names = append(names, a)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}
