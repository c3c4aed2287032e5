// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// siteRow is a site as it is printed.
type siteRow struct {
	Name     string   `json:"name"`
	Switches []string `json:"switches"`
	Clear    []string `json:"clear"`   // sites to which traffic may go in clear text
	Refused  []string `json:"refused"` // sites that it shares a network with, and traffic is refused
}

var siteTable = output.Table[siteRow]{
	Name: func(s siteRow) string { return s.Name },
	Columns: []output.Column[siteRow]{
		{Title: "SITE", Value: func(s siteRow) string { return s.Name }},
		{Title: "SWITCHES", Value: func(s siteRow) string { return orDash(s.Switches) }},
		{Title: "CLEAR TEXT TO", Value: func(s siteRow) string { return orDash(s.Clear) }},
		{Title: "REFUSED TO", Value: func(s siteRow) string { return orDash(s.Refused) }},
	},
}

func orDash(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ",")
}

func newSiteRows(m *apiv1.SiteServiceListResponse) []siteRow {
	rows := make([]siteRow, len(m.GetSites()))
	for i, s := range m.GetSites() {
		row := siteRow{Name: s.GetName(), Switches: s.GetSwitches(), Clear: []string{}, Refused: []string{}}
		for _, p := range m.GetPairs() {
			other := p.GetA()
			switch row.Name {
			case p.GetA():
				other = p.GetB()
			case p.GetB():
			default:
				continue
			}
			if p.GetClear() {
				row.Clear = append(row.Clear, other)
			} else {
				row.Refused = append(row.Refused, other)
			}
		}
		rows[i] = row
	}
	return rows
}

func (a *app) siteCommand() *cobra.Command {
	c := noun("site", "where switches are, and between which sites traffic may go",
		a.siteLs(), a.siteAllowClear(), a.siteForbidClear(), a.siteMove())
	c.Long = `Sites are places with networks between them that others may read. A host names its site
when it joins: linkspan serve switch --site NAME. Traffic between sites is refused unless
an administrator allows it, in clear text, for the two sites by name.`
	return c
}

func (a *app) siteLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list sites, and what is allowed between them", Args: exactly(0),
		Example: "  linkspan site ls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Sites.List(cmd.Context(), connect.NewRequest(&apiv1.SiteServiceListRequest{}))
			if err != nil {
				return err
			}
			return siteTable.Print(a.out, o, newSiteRows(r.Msg))
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) siteAllowClear() *cobra.Command {
	return &cobra.Command{
		Use: "allow-clear SITE SITE", Short: "let traffic between two sites go in clear text", Args: exactly(2),
		Long: `Let traffic between two sites go in clear text, from now on. Whoever can read the
network between them can read it. Administrators only.`,
		Example:           "  linkspan site allow-clear amsterdam berlin",
		ValidArgsFunction: a.completeSites,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Sites.Allow(cmd.Context(), connect.NewRequest(&apiv1.SiteServiceAllowRequest{A: args[0], B: args[1]}))
			return err
		}),
	}
}

func (a *app) siteForbidClear() *cobra.Command {
	return &cobra.Command{
		Use: "forbid-clear SITE SITE", Short: "refuse traffic between two sites again", Args: exactly(2),
		Long:              "Refuse traffic between two sites again. Routes that run between them end at once. Administrators only.",
		Example:           "  linkspan site forbid-clear amsterdam berlin",
		ValidArgsFunction: a.completeSites,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Sites.Forbid(cmd.Context(), connect.NewRequest(&apiv1.SiteServiceForbidRequest{A: args[0], B: args[1]}))
			return err
		}),
	}
}

func (a *app) siteMove() *cobra.Command {
	return &cobra.Command{
		Use: "move SWITCH SITE", Short: "say that a switch is in another site", Args: exactly(2),
		Long:              "Say that a switch is in another site than it named when it joined. Administrators only.",
		Example:           "  linkspan site move h3 berlin",
		ValidArgsFunction: a.completeSwitches,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Sites.Move(cmd.Context(), connect.NewRequest(&apiv1.SiteServiceMoveRequest{Switch: args[0], Site: args[1]}))
			return err
		}),
	}
}

// withClient gives a command its client.
func (a *app) withClient(do func(*cobra.Command, *api.Client, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := a.target.client()
		if err != nil {
			return err
		}
		defer client.Close()
		return do(cmd, client, args)
	}
}

// completeSites offers the names of sites.
func (a *app) completeSites(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Sites.List(cmd.Context(), connect.NewRequest(&apiv1.SiteServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range r.Msg.GetSites() {
		names = append(names, s.GetName())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
