// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// app is what all commands share.
type app struct {
	streams
	target target
}

// nouns is the table of what can be typed after linkspan.
func (a *app) nouns() []*cobra.Command {
	return []*cobra.Command{
		a.networkCommand(), a.sandboxCommand(), a.endpointCommand(), a.routeCommand(), a.groupCommand(), a.linkCommand(), a.connectCommand(), a.disconnectCommand(),
		a.policyCommand(), a.traceCommand(), a.switchCommand(), a.siteCommand(), a.eventCommand(),
		a.imageCommand(), a.auditCommand(), a.passwordCommand(), a.techSupportCommand(),
		a.configCommand(), a.shellCommand(), a.serveCommand(), a.pluginCommand(), a.labCommand(), a.labHostCommand(), a.doctorCommand(), a.versionCommand(),
		a.referenceCommand(),
	}
}

func newRoot(s streams) *cobra.Command {
	a := &app{streams: s}
	root := &cobra.Command{
		Use:   "linkspan",
		Short: "on-demand networking for Docker",
		Long: `Linkspan turns Linux hosts with Docker into one software-defined switch.
Containers on different hosts talk through hot-plug routes: installed at the
first packet, gone when idle.`,
		Example: `  linkspan lab up --hosts 2                              try it on one machine
  linkspan network create --subnet 10.7.0.0/24 web       a network on every host
  linkspan route ls                                      who talks to whom right now`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	a.target.addFlags(root.PersistentFlags())
	root.AddCommand(a.nouns()...)
	return root
}

// noun is a command that only groups verbs; an unknown verb is wrong usage.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, RunE: group}
	c.AddCommand(verbs...)
	return c
}

// group shows what there is to choose from.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0])}
	}
	return cmd.Help()
}
