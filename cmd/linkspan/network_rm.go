// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/dockerargs"
)

func (a *app) networkRm() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "rm NETWORK...", Aliases: []string{"remove"}, Short: "remove networks", Args: atLeast(1),
		Long: `Remove networks, by name or id: those of the fabric from every host. One that something
is attached to, on any host, stays.`,
		Example:           "  linkspan network rm web\n  linkspan network rm --force web back",
		ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return a.each(cmd, args, func(name string) error {
				err := removeNetwork(cmd.Context(), client, name)
				if force && connect.CodeOf(err) == connect.CodeNotFound {
					return errNothing
				}
				return err
			})
		},
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "a network that there is not is no error")
	return c
}

func removeNetwork(ctx context.Context, client *api.Client, name string) error {
	n, err := findNetwork(ctx, client, &apiv1.HostServiceGetNetworkRequest{Network: name})
	if err != nil {
		return err
	}
	if n.here != nil {
		_, err = client.Host.RemoveNetwork(ctx, connect.NewRequest(&apiv1.HostServiceRemoveNetworkRequest{Network: n.here.GetId()}))
		return err
	}
	_, err = client.Networks.Remove(ctx, connect.NewRequest(&apiv1.NetworkServiceRemoveRequest{Network: n.fabric}))
	return err
}

func (a *app) networkPrune() *cobra.Command {
	var force bool
	var given []string
	c := &cobra.Command{
		Use: "prune", Short: "remove all networks that nothing is attached to", Args: exactly(0),
		Long: `Remove all networks that nothing is attached to: of the fabric those that are unused on
every host, and on a switch those of this host. Docker's own (bridge, host, none) stay.
A filter is one of label, label! (those without it) and until.`,
		Example: "  linkspan network prune\n  linkspan network prune --force --filter until=24h --filter label!=keep",
		RunE: func(cmd *cobra.Command, _ []string) error {
			filters, err := dockerargs.ParseFilters(given, "label", "label!", "until")
			if err != nil {
				return err
			}
			if !force && !a.agrees("WARNING! This will remove all networks not used by at least one container on any host.") {
				return &linkspan.Error{Code: linkspan.Invalid, Message: "network prune has been cancelled"}
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return a.prune(cmd, client, filters)
		},
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	c.Flags().StringArrayVar(&given, "filter", nil, "only those that a `filter` lets pass, as in until=24h; may be repeated")
	return c
}

// agrees asks on the terminal; anything but y is no.
func (a *app) agrees(warning string) bool {
	fmt.Fprintf(a.out, "%s\nAre you sure you want to continue? [y/N] ", warning)
	answer, _ := bufio.NewReader(a.in).ReadString('\n') // the end of the input is no
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

// prune removes what is unused. What has come into use meanwhile stays.
func (a *app) prune(cmd *cobra.Command, client *api.Client, filters dockerargs.Filters) error {
	rows, err := networkRows(cmd.Context(), client)
	if err != nil {
		return err
	}
	var removed []string
	failed := false
	for _, row := range rows {
		n := row.asked()
		if n.Used || n.Builtin || !filters.Match(n) || !filters.Before(n, time.Now()) {
			continue
		}
		switch err := removeNetwork(cmd.Context(), client, row.ID); connect.CodeOf(err) {
		case connect.CodeFailedPrecondition, connect.CodeNotFound:
		default:
			if err == nil {
				removed = append(removed, row.Name)
				continue
			}
			failed = true
			report(a.err, cmd, err)
		}
	}
	if len(removed) > 0 {
		fmt.Fprintf(a.out, "Deleted Networks:\n%s\n\n", strings.Join(removed, "\n"))
	}
	if failed {
		return status(exitFailed)
	}
	return nil
}
