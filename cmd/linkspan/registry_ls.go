// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/registry/discovery"
)

func (a *app) registryCommand() *cobra.Command {
	return noun("registry", "registries on this subnet, and who came to one", a.registryLs(), a.registrySwitches())
}

// registryRow is a registry that announces itself.
type registryRow struct {
	Name    string `json:"name"`
	Address string `json:"address"` // as linkspan login takes it
}

var registryTable = output.Table[registryRow]{
	Name: func(r registryRow) string { return r.Address },
	Columns: []output.Column[registryRow]{
		{Title: "NAME", Value: func(r registryRow) string { return r.Name }},
		{Title: "ADDRESS", Value: func(r registryRow) string { return r.Address }},
	},
}

func (a *app) registryLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list the registries that announce themselves here", Args: exactly(0),
		Long:    "Ask the subnets of this host by multicast DNS for registries. Anybody there can answer: whoever\nlogs in compares the registry's CA.",
		Example: "  linkspan registry ls\n  linkspan registry ls -q",
		RunE: func(cmd *cobra.Command, _ []string) error {
			on, err := discovery.Interfaces(nil)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), findPatience)
			defer cancel()
			found, err := discovery.Find(ctx, on)
			if err != nil {
				return err
			}
			rows := make([]registryRow, len(found))
			for i, s := range found {
				rows[i] = registryRow{s.Name, s.Host()}
			}
			return registryTable.Print(a.out, o, rows)
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

// registrySwitchRow is a switch that came to a registry.
type registrySwitchRow struct {
	Name    string    `json:"name"`
	Number  uint32    `json:"number"`
	DPID    string    `json:"dpid"`
	Address string    `json:"address"` // management IP
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

var registrySwitchTable = output.Table[registrySwitchRow]{
	Name: func(s registrySwitchRow) string { return s.Name },
	Columns: []output.Column[registrySwitchRow]{
		{Title: "SWITCH", Value: func(s registrySwitchRow) string { return s.Name }},
		{Title: "NUMBER", Value: func(s registrySwitchRow) string { return fmt.Sprint(s.Number) }},
		{Title: "MANAGEMENT IP", Value: func(s registrySwitchRow) string { return s.Address }},
		{Title: "LAST CAME", Value: func(s registrySwitchRow) string { return s.Last.Local().Format(time.DateTime) }},
	},
	Wide: []output.Column[registrySwitchRow]{{Title: "DPID", Value: func(s registrySwitchRow) string { return s.DPID }}},
}

func (a *app) registrySwitches() *cobra.Command {
	var o output.Options
	t := &registryTarget{app: a}
	c := &cobra.Command{
		Use: "switches", Short: "list the switches that came to a registry", Args: exactly(0),
		Long:    "List the switches that came to a registry with their certificate, and the address from which\neach came last.",
		Example: "  linkspan registry switches",
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Registry.ListSwitches(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceListSwitchesRequest{}))
			if err != nil {
				return err
			}
			rows := make([]registrySwitchRow, len(r.Msg.GetSwitches()))
			for i, s := range r.Msg.GetSwitches() {
				rows[i] = registrySwitchRow{s.GetName(), s.GetNumber(), s.GetDpid(), s.GetAddress(), s.GetFirst().AsTime(), s.GetLast().AsTime()}
			}
			return registrySwitchTable.Print(a.out, o, rows)
		}),
	}
	t.addFlags(c)
	o.AddFlags(c.Flags(), true)
	return c
}
