// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

func (a *app) routeInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect ROUTE...", Short: "show all of routes: what decides, which connections pass, their flows", Args: atLeast(1),
		Long: `Show all of routes, by the begin of their ids: what decides about them now in each direction, which
connections of a tracked one pass and by which policy, and their flows on each host.`,
		Example:           "  linkspan route inspect 3f09\n  linkspan route inspect --format '{{range .Classes}}{{.Ports}} {{.Policy}} {{.Packets}}{{end}}' 3f09",
		ValidArgsFunction: a.completeRoutes,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			rows, failed := []routeRow{}, false
			for _, id := range args {
				row, err := a.inspectRoute(cmd, client, id)
				if err != nil {
					failed = true
					report(a.err, cmd, err)
					continue
				}
				rows = append(rows, row)
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

// inspectRoute finds the one route whose id begins so.
func (a *app) inspectRoute(cmd *cobra.Command, client *api.Client, id string) (routeRow, error) {
	r, err := client.Routes.List(cmd.Context(), connect.NewRequest(&apiv1.RouteServiceListRequest{Route: id}))
	if err != nil {
		return routeRow{}, err
	}
	a.notShown(r.Msg.GetMissing())
	switch found := r.Msg.GetRoutes(); len(found) {
	case 0:
		return routeRow{}, &linkspan.Error{Code: linkspan.NotFound, Message: "route " + id + " is not plugged", Hint: "linkspan route ls shows those that are"}
	case 1:
		return newRouteRow(found[0]), nil
	default:
		return routeRow{}, &linkspan.Error{Code: linkspan.Conflict, Message: fmt.Sprintf("%d routes have an id that begins with %s", len(found), id), Hint: "write more of it"}
	}
}

// notShown tells of switches whose routes are not known.
func (a *app) notShown(missing []string) {
	for _, name := range missing {
		fmt.Fprintf(a.err, "linkspan: switch %s is away; its routes are not shown\n", name)
	}
}

// completeRoutes offers the ids of routes.
func (a *app) completeRoutes(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Routes.List(cmd.Context(), connect.NewRequest(&apiv1.RouteServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, m := range r.Msg.GetRoutes() {
		ids = append(ids, m.GetId())
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
