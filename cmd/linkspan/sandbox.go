// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// sandboxRow is a sandbox as it is printed.
type sandboxRow struct {
	ID        string              `json:"id"`
	Name      string              `json:"name"`
	Path      string              `json:"path"`
	Networks  []sandboxNetworkRow `json:"networks"`
	Processes []int32             `json:"processes"`
	Created   time.Time           `json:"created"`
}

// sandboxNetworkRow is one network that a sandbox is in.
type sandboxNetworkRow struct {
	Name      string   `json:"name"`
	ID        string   `json:"id"`
	Driver    string   `json:"driver"`
	Interface string   `json:"interface,omitempty"`
	IPv4      string   `json:"ipv4,omitempty"`
	IPv6      string   `json:"ipv6,omitempty"`
	MAC       string   `json:"mac,omitempty"`
	Aliases   []string `json:"aliases,omitempty"`
}

var sandboxTable = output.Table[sandboxRow]{
	Name: func(s sandboxRow) string { return s.ID },
	Columns: []output.Column[sandboxRow]{
		{Title: "SANDBOX ID", Value: func(s sandboxRow) string { return s.ID }},
		{Title: "NAME", Value: func(s sandboxRow) string { return s.Name }},
		{Title: "NETWORKS", Value: func(s sandboxRow) string {
			return s.list(func(n sandboxNetworkRow) string { return n.Name })
		}},
		{Title: "ADDRESSES", Value: func(s sandboxRow) string {
			return s.list(func(n sandboxNetworkRow) string { return strings.Join(strings.Fields(n.IPv4+" "+n.IPv6), ",") })
		}},
		{Title: "PROCESSES", Value: func(s sandboxRow) string { return fmt.Sprint(len(s.Processes)) }},
	},
	Wide: []output.Column[sandboxRow]{
		{Title: "CREATED", Value: func(s sandboxRow) string { return s.Created.Format(time.RFC3339) }},
		{Title: "PATH", Value: func(s sandboxRow) string { return s.Path }},
	},
	Heads: map[string]string{"ID": "SANDBOX ID"},
}

func (s sandboxRow) list(of func(sandboxNetworkRow) string) string {
	var all []string
	for _, n := range s.Networks {
		if text := of(n); text != "" {
			all = append(all, text)
		}
	}
	return cmp.Or(strings.Join(all, ","), "-")
}

func newSandboxRow(s *apiv1.Sandbox) sandboxRow {
	row := sandboxRow{
		ID: s.GetId(), Name: s.GetName(), Path: s.GetPath(), Created: s.GetCreated().AsTime(),
		Networks: []sandboxNetworkRow{}, Processes: append([]int32{}, s.GetProcesses()...),
	}
	for _, n := range s.GetNetworks() {
		e := n.GetEndpoint()
		row.Networks = append(row.Networks, sandboxNetworkRow{
			Name: n.GetName(), ID: n.GetId(), Driver: n.GetDriver(), Interface: n.GetInterface(),
			IPv4: e.GetIpv4(), IPv6: e.GetIpv6(), MAC: e.GetMac(), Aliases: n.GetAliases(),
		})
	}
	return row
}

func (a *app) sandboxCommand() *cobra.Command {
	return noun("sandbox", "network namespaces that stand for containers, on hosts without Docker too",
		a.sandboxCreate(), a.sandboxLs(), a.sandboxExec(), a.sandboxRm())
}

func (a *app) sandboxCreate() *cobra.Command {
	var w attaching
	req := &apiv1.HostServiceCreateSandboxRequest{}
	c := &cobra.Command{
		Use: "create [flags] NAME", Short: "make a sandbox on this host", Args: exactly(1),
		Long: `Make a sandbox: a network namespace in which programs run as in a container's network,
in the network that is named or in none. It outlives linkspan serve switch, and goes with
the machine. More networks come by linkspan network connect.`,
		Example: "  linkspan sandbox create --network web c1\n  linkspan sandbox create --network web --ip 10.7.0.9 --alias db c2",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			req.Name = args[0]
			if req.Attachment, err = w.message(); err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Host.CreateSandbox(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return onHost(err, "sandboxes are of one host")
			}
			_, err = fmt.Fprintln(a.out, r.Msg.GetSandbox().GetId())
			return err
		},
	}
	c.Flags().StringVar(&req.Network, "network", "", "attach it to this `network`, of this host or of the fabric")
	_ = c.RegisterFlagCompletionFunc("network", a.completeNetworks)
	w.addFlags(c.Flags())
	c.Flags().StringVar(&w.Mac, "mac-address", "", "this hardware `address`, as in 02:42:0a:07:00:09")
	return c
}

// sandboxes asks for all sandboxes, or the one that is named.
func sandboxes(ctx context.Context, client *api.Client, said string) ([]*apiv1.Sandbox, error) {
	r, err := client.Host.ListSandboxes(ctx, connect.NewRequest(&apiv1.HostServiceListSandboxesRequest{Sandbox: said}))
	if err != nil {
		return nil, onHost(err, "sandboxes are of one host")
	}
	return r.Msg.GetSandboxes(), nil
}

func (a *app) sandboxLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list the sandboxes of this host", Args: exactly(0),
		Example: "  linkspan sandbox ls\n  linkspan sandbox ls -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			all, err := sandboxes(cmd.Context(), client, "")
			if err != nil {
				return err
			}
			rows := make([]sandboxRow, len(all))
			for i, s := range all {
				rows[i] = newSandboxRow(s)
				if !o.NoTrunc && (o.Quiet || o.Output == "table") {
					rows[i].ID = rows[i].ID[:min(12, len(rows[i].ID))]
				}
			}
			return sandboxTable.Print(a.out, o, rows)
		},
	}
	o.AddFlags(c.Flags(), true)
	c.Flags().Lookup("quiet").Usage = "print ids only"
	return c
}

func (a *app) sandboxRm() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "rm SANDBOX...", Aliases: []string{"remove"}, Short: "remove sandboxes", Args: atLeast(1),
		Long:              "Remove sandboxes, by name or id, with their addresses. One in which a program runs stays,\nunless forced: then its programs are killed.",
		Example:           "  linkspan sandbox rm c1\n  linkspan sandbox rm --force c1 c2",
		ValidArgsFunction: a.completeSandboxes,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return a.each(cmd, args, func(name string) error {
				_, err := client.Host.RemoveSandbox(cmd.Context(), connect.NewRequest(&apiv1.HostServiceRemoveSandboxRequest{Sandbox: name, Force: force}))
				return onHost(err, "sandboxes are of one host")
			})
		},
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "kill the programs that run in them")
	return c
}

// completeSandboxes offers the names of sandboxes.
func (a *app) completeSandboxes(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	all, err := sandboxes(cmd.Context(), client, "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.GetName()
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
