// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
)

func (a *app) labCommand() *cobra.Command {
	return noun("lab", "hosts in network namespaces on this machine, to try things",
		a.labUp(), a.labDown(), a.labStatus(), a.labExec())
}

func (a *app) labUp() *cobra.Command {
	var cfg lab.Config
	c := &cobra.Command{
		Use: "up", Short: "start a lab", Args: exactly(0),
		Long: `Start a lab: hosts in network namespaces of this machine, each with its own dockerd,
its own Open vSwitch and linkspan serve switch, on a bridge of the lab's own, and a
controller beside them. An image busybox is there on every host.`,
		Example: "  linkspan lab up --hosts 2\n  linkspan lab exec h1 -- docker run --rm busybox echo hello\n  linkspan lab down",
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			cfg.Name = a.labName(cmd, cfg.Name)
			cfg.Progress = func(step string) {
				fmt.Fprintf(a.err, "%5.1fs  %s\n", time.Since(start).Seconds(), step)
			}
			l, err := lab.Up(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			next := "docker ps"
			if cfg.NoDocker {
				next = "linkspan sandbox ls"
			}
			_, err = fmt.Fprintf(a.out, "lab %s is up: %s. Next:\n  linkspan lab exec h1 -- %s\n  linkspan lab down%s\n",
				l.Name(), strings.Join(l.Hosts(), ", "), next, nameFlag(l.Name()))
			return err
		},
	}
	f := c.Flags()
	f.IntVar(&cfg.Hosts, "hosts", 2, "how `many` hosts")
	f.StringVar(&cfg.Name, "name", lab.DefaultName, "`name` of the lab")
	f.BoolVar(&cfg.NoDocker, "no-docker", false, "hosts without Docker, for linkspan sandbox")
	f.BoolVar(&cfg.NoLiveRestore, "no-live-restore", false, "containers end with their dockerd")
	f.StringVar(&cfg.Dockerd, "dockerd", "", "`program` to run as dockerd; what it starts, as runc, is looked for beside it first")
	f.StringArrayVar(&cfg.SwitchArgs, "switch-arg", nil, "one more `argument` for linkspan serve switch; may be repeated")
	f.StringArrayVar(&cfg.ControllerArgs, "controller-arg", nil, "one more `argument` for linkspan serve controller; may be repeated")
	return c
}

// labName returns the lab that a command is about: --name, else the --lab that
// every command has.
func (a *app) labName(cmd *cobra.Command, name string) string {
	if !cmd.Flags().Changed("name") && a.target.lab != "" {
		return a.target.lab
	}
	return name
}

func nameFlag(name string) string {
	if name == lab.DefaultName {
		return ""
	}
	return " --name " + name
}

func (a *app) labDown() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "down", Short: "end a lab and leave nothing behind", Args: exactly(0),
		Example: "  linkspan lab down",
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open("", a.labName(cmd, name))
			if err != nil {
				return err
			}
			return l.Down(cmd.Context())
		},
	}
	c.Flags().StringVar(&name, "name", lab.DefaultName, "`name` of the lab")
	_ = c.RegisterFlagCompletionFunc("name", completeLabs)
	return c
}

func (a *app) labStatus() *cobra.Command {
	var name string
	var o output.Options
	c := &cobra.Command{
		Use: "status", Short: "show the labs, or the hosts and programs of one", Args: exactly(0),
		Example: "  linkspan lab status\n  linkspan lab status --name lab -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name = a.labName(cmd, name); name == "" {
				labs, err := lab.List("")
				if err != nil {
					return err
				}
				if len(labs) != 1 || o.Quiet {
					return labTable.Print(a.out, o, labs)
				}
				name = labs[0].Name
			}
			l, err := lab.Open("", name)
			if err != nil {
				return err
			}
			s, err := l.Status(cmd.Context())
			if err != nil {
				return err
			}
			if o.Output != "table" || o.Format != "" {
				return output.PrintOne(a.out, o, s)
			}
			return a.printLab(s)
		},
	}
	c.Flags().StringVar(&name, "name", "", "`name` of the lab")
	_ = c.RegisterFlagCompletionFunc("name", completeLabs)
	o.AddFlags(c.Flags(), true)
	return c
}

var labTable = output.Table[lab.Summary]{
	Name: func(s lab.Summary) string { return s.Name },
	Columns: []output.Column[lab.Summary]{
		{Title: "LAB", Value: func(s lab.Summary) string { return s.Name }},
		{Title: "HOSTS", Value: func(s lab.Summary) string { return fmt.Sprint(s.Hosts) }},
		{Title: "STATE", Value: func(s lab.Summary) string {
			if s.Up {
				return "up"
			}
			return "broken: linkspan lab down --name " + s.Name
		}},
	},
}

func (a *app) printLab(s lab.Status) error {
	tw := tabwriter.NewWriter(a.out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(tw, "NODE\tADDRESS\tPROGRAM\tSTATE\tPID")
	for _, n := range s.Nodes {
		address := "-"
		if n.Address.IsValid() {
			address = n.Address.String()
		}
		if len(n.Components) == 0 {
			fmt.Fprintf(tw, "%s\t%s\t-\t%s\t%d\n", n.Name, address, onOff(n.On), n.PID)
		}
		for _, c := range n.Components {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\n", n.Name, address, c.Name, phase(c), c.PID)
		}
	}
	return tw.Flush()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (a *app) labExec() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "exec HOST -- COMMAND [ARG...]", Short: "run a command on a host of a lab", Args: atLeast(2),
		Long:    "Run a command on a host of a lab (or on the controller), in the current folder and\nterminal. The exit status is the command's.",
		Example: "  linkspan lab exec h1 -- docker ps\n  linkspan lab exec h2 -- sh",
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := lab.Open("", a.labName(cmd, name))
			if err != nil {
				return err
			}
			dir, err := os.Getwd()
			if err != nil {
				return err
			}
			command := args[1:]
			if command[0] == "--" {
				command = command[1:]
			}
			if len(command) == 0 {
				return usageError{errors.New("no command to run")}
			}
			argv, err := l.ExecArgs(args[0], dir, command)
			if err != nil {
				return err
			}
			return unix.Exec(argv[0], argv, lab.ExecEnv(os.Environ()))
		},
	}
	c.Flags().SetInterspersed(false)
	c.Flags().StringVar(&name, "name", lab.DefaultName, "`name` of the lab")
	_ = c.RegisterFlagCompletionFunc("name", completeLabs)
	return c
}

// labHostCommand is the first process of a lab's node; people do not type it.
func (a *app) labHostCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lab-host SPECFILE", Hidden: true, Args: exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error { return lab.RunHost(cmd.Context(), args[0]) },
	}
}

func completeLabs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	labs, err := lab.List("")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := make([]string, len(labs))
	for i, l := range labs {
		names[i] = l.Name
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// phase says in a word how a program of a node does.
func phase(c boot.Component) string {
	switch {
	case c.Held:
		return "stopped"
	case c.Ready:
		return "ready"
	case c.Waiting != "":
		return "waits for " + c.Waiting
	case c.PID == 0 && c.LastExit != "":
		return "ended: " + c.LastExit
	}
	return "starting"
}
