// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// switchRow is a switch as it is printed.
type switchRow struct {
	ID        uint32        `json:"id"`
	Name      string        `json:"name"`
	State     string        `json:"state"` // connected, starting or away
	Site      string        `json:"site"`
	Underlay  string        `json:"underlay"`
	MTU       uint32        `json:"mtu"`
	DPID      string        `json:"dpid"`
	Endpoints uint32        `json:"endpoints"`
	Version   string        `json:"version"`
	Joined    time.Time     `json:"joined"`
	Since     *time.Time    `json:"since,omitempty"`
	Peer      string        `json:"peer,omitempty"`
	Attached  []endpointRow `json:"attached,omitempty"` // inspect only
	Local     []localRow    `json:"local,omitempty"`    // inspect only: networks that it has alone
}

var switchTable = output.Table[switchRow]{
	Name: func(s switchRow) string { return s.Name },
	Columns: []output.Column[switchRow]{
		{Title: "SWITCH", Value: func(s switchRow) string { return s.Name }},
		{Title: "STATE", Value: func(s switchRow) string { return s.State }},
		{Title: "UNDERLAY", Value: func(s switchRow) string { return s.Underlay }},
		{Title: "ENDPOINTS", Value: func(s switchRow) string { return strconv.Itoa(int(s.Endpoints)) }},
		{Title: "VERSION", Value: func(s switchRow) string { return cmp.Or(s.Version, "-") }},
		{Title: "SITE", Value: func(s switchRow) string { return s.Site }},
	},
	Wide: []output.Column[switchRow]{
		{Title: "DPID", Value: func(s switchRow) string { return s.DPID }},
		{Title: "JOINED", Value: func(s switchRow) string { return s.Joined.Format(time.RFC3339) }},
	},
}

func newSwitchRow(s *apiv1.Switch) switchRow {
	row := switchRow{
		ID: s.GetId(), Name: s.GetName(), State: "away", Underlay: s.GetUnderlay(), MTU: s.GetMtu(), DPID: s.GetDpid(),
		Endpoints: s.GetEndpoints(), Version: s.GetVersion(), Joined: s.GetJoined().AsTime(), Peer: s.GetPeer(),
		Site: s.GetSite(),
	}
	if s.GetSince() != nil {
		since := s.GetSince().AsTime()
		row.State, row.Since = "starting", &since
	}
	if s.GetConnected() {
		row.State = "connected"
	}
	return row
}

func (a *app) switchCommand() *cobra.Command {
	return noun("switch", "the hosts that are part of the fabric",
		a.switchLs(), a.switchInspect(), a.switchRm(), a.switchToken(), a.switchCertify())
}

func (a *app) switchLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list switches", Args: exactly(0),
		Example: "  linkspan switch ls",
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := a.switches(cmd)
			if err != nil {
				return err
			}
			return switchTable.Print(a.out, o, rows)
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) switches(cmd *cobra.Command) ([]switchRow, error) {
	client, err := a.target.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	r, err := client.Switches.List(cmd.Context(), connect.NewRequest(&apiv1.SwitchServiceListRequest{}))
	if err != nil {
		return nil, err
	}
	rows := make([]switchRow, len(r.Msg.GetSwitches()))
	for i, s := range r.Msg.GetSwitches() {
		rows[i] = newSwitchRow(s)
	}
	slices.SortFunc(rows, func(x, y switchRow) int { return strings.Compare(x.Name, y.Name) })
	return rows, nil
}

func (a *app) switchInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect SWITCH", Short: "show all of a switch and its endpoints", Args: exactly(1),
		Long: `Show all of a switch, its endpoints, and the networks that its host has alone with who is
in them. While a switch is away these are as it told of them last.`,
		Example:           "  linkspan switch inspect h1",
		ValidArgsFunction: a.completeSwitches,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Switches.Get(cmd.Context(), connect.NewRequest(&apiv1.SwitchServiceGetRequest{Switch: args[0]}))
			if err != nil {
				return err
			}
			row := newSwitchRow(r.Msg.GetSwitch())
			row.Attached = newEndpointRows(r.Msg.GetEndpoints())
			row.Local = newLocalRows(r.Msg.GetLocal())
			return output.PrintOne(a.out, o, row)
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}

func (a *app) switchRm() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "rm SWITCH...", Aliases: []string{"remove"}, Short: "remove switches and revoke their certificates", Args: atLeast(1),
		Long: `Remove switches that are gone for good: their certificates are revoked and their
endpoints' addresses freed. One that is connected or has endpoints needs --force.`,
		Example:           "  linkspan switch rm h3\n  linkspan switch rm --force h3",
		ValidArgsFunction: a.completeSwitches,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			return a.each(cmd, args, func(name string) error {
				_, err := client.Switches.Remove(cmd.Context(), connect.NewRequest(&apiv1.SwitchServiceRemoveRequest{Switch: name, Force: force}))
				return err
			})
		},
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "also when it is connected or has endpoints")
	return c
}

func (a *app) switchToken() *cobra.Command {
	var quiet bool
	var ttl time.Duration
	c := &cobra.Command{
		Use: "token", Short: "make a one-time token that lets a host join", Args: exactly(0),
		Long: `Make a one-time token. It is a secret: hand it to the host in a file or in its
environment, never as an argument. On the host:

  linkspan serve switch --join-file token      or with the token in LINKSPAN_JOIN`,
		Example: "  linkspan switch token -q > token && chmod 600 token\n  linkspan switch token --ttl 1h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ttl <= 0 {
				return usageError{errors.New("--ttl must be above 0")}
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Switches.CreateToken(cmd.Context(), connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{Ttl: durationpb.New(ttl)}))
			if err != nil {
				return err
			}
			if _, err = fmt.Fprintln(a.out, r.Msg.GetToken()); err != nil || quiet {
				return err
			}
			_, err = fmt.Fprintf(a.err, "good for one host until %s; on that host, with the token in a file:\n  linkspan serve switch --join-file token\n",
				r.Msg.GetExpires().AsTime().Local().Format(time.RFC1123))
			return err
		},
	}
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print the token only")
	c.Flags().DurationVar(&ttl, "ttl", 24*time.Hour, "`time` the token is good for")
	return c
}

// completeSwitches offers the names of switches that a command may mean.
func (a *app) completeSwitches(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	rows, err := a.switches(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Name
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
