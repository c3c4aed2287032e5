// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// serviceRow is a member of a composite as it is printed.
type serviceRow struct {
	Name      string     `json:"name"`
	Composite string     `json:"composite"`
	Member    string     `json:"member"`
	Image     string     `json:"image"`
	Version   string     `json:"version,omitempty"`
	State     string     `json:"state"` // healthy, starting, unhealthy, ended, waiting, stopped
	Why       string     `json:"why,omitempty"`
	Container string     `json:"container,omitempty"`
	Starts    uint32     `json:"starts"`
	Since     *time.Time `json:"since,omitempty"`
	Services  []string   `json:"services"`
}

var serviceTable = output.Table[serviceRow]{
	Name: func(s serviceRow) string { return s.Name },
	Columns: []output.Column[serviceRow]{
		{Title: "SERVICE", Value: func(s serviceRow) string { return s.Name }},
		{Title: "STATE", Value: func(s serviceRow) string { return s.State }},
		{Title: "IMAGE", Value: func(s serviceRow) string { return s.Image }},
		{Title: "CALLS", Value: func(s serviceRow) string { return cmp.Or(strings.Join(s.Services, ","), "-") }},
		{Title: "SINCE", Value: func(s serviceRow) string {
			if s.Since == nil {
				return "-"
			}
			return s.Since.Local().Format(time.DateTime)
		}},
	},
	Wide: []output.Column[serviceRow]{
		{Title: "CONTAINER", Value: func(s serviceRow) string { return cmp.Or(s.Container, "-") }},
		{Title: "WHY", Value: func(s serviceRow) string { return cmp.Or(s.Why, "-") }},
	},
	Heads: map[string]string{"Name": "SERVICE"},
}

func newServiceRow(s *apiv1.ServiceStatus) serviceRow {
	row := serviceRow{
		Name: s.GetName(), Composite: s.GetComposite(), Member: s.GetMember(), Image: s.GetImage(), Version: s.GetVersion(), State: s.GetState(),
		Why: s.GetWhy(), Container: s.GetContainer(), Starts: s.GetStarts(), Services: append([]string{}, s.GetServices()...),
	}
	if s.GetSince() != nil {
		since := s.GetSince().AsTime()
		row.Since = &since
	}
	return row
}

func (a *app) serviceCommand() *cobra.Command {
	return noun("service", "services in containers on this host's switch",
		a.serviceRun(), a.serviceLs(), a.serviceInspect(), a.serviceLogs(), a.serviceStop(), a.serviceStart(), a.serviceRm(), a.serviceAttach(), a.serviceCall())
}

// serving runs a command with a client of this host's switch.
func (a *app) serving(run func(cmd *cobra.Command, client *api.Client, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := a.target.by("cli")
		if err != nil {
			return err
		}
		defer client.Close()
		return onHost(run(cmd, client, args), "services are of one switch")
	}
}

func (a *app) serviceLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list services and how they are", Args: exactly(0),
		Example: "  linkspan service ls\n  linkspan service ls -q",
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Services.List(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceListRequest{}))
			if err != nil {
				return err
			}
			rows := make([]serviceRow, len(r.Msg.GetServices()))
			for i, s := range r.Msg.GetServices() {
				rows[i] = newServiceRow(s)
				if !o.NoTrunc && o.Output == "table" {
					rows[i].Image, rows[i].Container = shortReference(rows[i].Image), rows[i].Container[:min(12, len(rows[i].Container))]
				}
			}
			return serviceTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

// shortReference shortens the digest in a reference to an image.
func shortReference(reference string) string {
	const digits = 12
	name, digest, found := strings.Cut(reference, "sha256:")
	if !found {
		return reference
	}
	return name + digest[:min(digits, len(digest))]
}

// compositeRow is a composite as inspect prints it.
type compositeRow struct {
	linkspan.Composite
	Socket  string       `json:"socket"`
	Change  string       `json:"change,omitempty"`
	Members []serviceRow `json:"members"`
}

var compositeTable = output.Table[compositeRow]{
	Name: func(c compositeRow) string { return c.Name },
	Columns: []output.Column[compositeRow]{
		{Title: "COMPOSITE", Value: func(c compositeRow) string { return c.Name }},
		{Title: "SERVICES", Value: func(c compositeRow) string {
			var list []string
			for _, m := range c.Members {
				list = append(list, m.Member+" ("+m.State+")")
			}
			return strings.Join(list, ", ")
		}},
		{Title: "SOCKET", Value: func(c compositeRow) string { return c.Socket }},
		{Title: "CHANGE", Value: func(c compositeRow) string { return cmp.Or(c.Change, "-") }},
	},
}

func (a *app) serviceInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect COMPOSITE", Short: "show all of a composite", Args: exactly(1),
		Long:              "Show a composite as it was asked for, how its services are, and where its call interface is.",
		Example:           "  linkspan service inspect edge -o yaml",
		ValidArgsFunction: a.completeComposites,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			r, err := client.Services.Inspect(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceInspectRequest{Composite: args[0]}))
			if err != nil {
				return err
			}
			row := compositeRow{Socket: r.Msg.GetSocket(), Change: r.Msg.GetChange()}
			if err := json.Unmarshal([]byte(r.Msg.GetComposite()), &row.Composite); err != nil {
				return err
			}
			for _, s := range r.Msg.GetMembers() {
				row.Members = append(row.Members, newServiceRow(s))
			}
			return compositeTable.Print(a.out, o, []compositeRow{row})
		}),
	}
	o.AddFlags(c.Flags(), false)
	return c
}

// completeServices offers the names of services; completeComposites those of composites.
func (a *app) completeServices(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeOf(cmd, func(s *apiv1.ServiceStatus) string { return s.GetName() })
}

func (a *app) completeComposites(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeOf(cmd, func(s *apiv1.ServiceStatus) string { return s.GetComposite() })
}

func (a *app) completeOf(cmd *cobra.Command, name func(*apiv1.ServiceStatus) string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Services.List(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range r.Msg.GetServices() {
		if n := name(s); len(names) == 0 || names[len(names)-1] != n {
			names = append(names, n)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
