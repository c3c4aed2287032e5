// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/shell"
)

func (a *app) serviceStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop SERVICE...", Short: "stop services, or all of a composite, until they are started again", Args: atLeast(1),
		Example: "  linkspan service stop edge/dns\n  linkspan service stop edge", ValidArgsFunction: a.completeServices,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			return a.each(cmd, args, func(name string) error {
				_, err := client.Services.Stop(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceStopRequest{Service: name}))
				return onHost(err, "services are of one switch")
			})
		}),
	}
}

func (a *app) serviceStart() *cobra.Command {
	return &cobra.Command{
		Use: "start SERVICE...", Short: "start services that were stopped, and wait until they are healthy", Args: atLeast(1),
		Example: "  linkspan service start edge/dns", ValidArgsFunction: a.completeServices,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			return a.each(cmd, args, func(name string) error {
				_, err := client.Services.Start(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceStartRequest{Service: name}))
				return onHost(err, "services are of one switch")
			})
		}),
	}
}

func (a *app) serviceRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm COMPOSITE...", Aliases: []string{"remove"}, Short: "remove composites with all their services", Args: atLeast(1),
		Long:    "Remove composites with all their services. What these kept in volumes stays.",
		Example: "  linkspan service rm edge", ValidArgsFunction: a.completeComposites,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			return a.each(cmd, args, func(name string) error {
				_, err := client.Services.Remove(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceRemoveRequest{Composites: []string{name}}))
				return onHost(err, "services are of one switch")
			})
		}),
	}
}

func (a *app) serviceLogs() *cobra.Command {
	req := &apiv1.ServiceServiceLogsRequest{}
	c := &cobra.Command{
		Use: "logs [flags] SERVICE", Short: "show what a service has printed", Args: exactly(1),
		Example: "  linkspan service logs -n 20 edge/dns\n  linkspan service logs -f edge/dns", ValidArgsFunction: a.completeServices,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			req.Service = args[0]
			stream, err := client.Services.Logs(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			defer stream.Close()
			for stream.Receive() {
				if _, err := a.out.Write(stream.Msg().GetText()); err != nil {
					return err
				}
			}
			return stream.Err()
		}),
	}
	c.Flags().Uint32VarP(&req.Lines, "tail", "n", 0, "only the last `lines` (0: all)")
	c.Flags().BoolVarP(&req.Follow, "follow", "f", false, "go on until the service ends")
	return c
}

func (a *app) serviceCall() *cobra.Command {
	var arguments string
	c := &cobra.Command{
		Use: "call COMPOSITE/SERVICE/CALL", Short: "make a call of a service, and print the answer", Args: exactly(1),
		Example: "  linkspan service call edge/routing/neighbors\n  linkspan service call edge/switch/set-mode --arguments '{\"mode\": \"sdn\"}'",
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			r, err := client.Services.Call(cmd.Context(), connect.NewRequest(&apiv1.ServiceServiceCallRequest{Call: args[0], Arguments: arguments}))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, string(r.Msg.GetAnswer()))
			return err
		}),
	}
	c.Flags().StringVar(&arguments, "arguments", "", "arguments of the call, as a `JSON` object")
	return c
}

func (a *app) serviceAttach() *cobra.Command {
	return &cobra.Command{
		Use: "attach SERVICE", Short: "open a terminal in a service: its own command line, or a shell", Args: exactly(1),
		Long: `Open a terminal in a service's container: the program that its image names, such as the command
line of a routing daemon, or a shell. Type ~. at the beginning of a line to come back. It is the
shell's attach.`,
		Example: "  linkspan service attach edge/routing", ValidArgsFunction: a.completeServices,
		RunE: a.serving(func(cmd *cobra.Command, client *api.Client, args []string) error {
			in, isFile := a.in.(*os.File)
			if !isFile || !term.IsTerminal(int(in.Fd())) {
				return errors.New("attach needs a terminal")
			}
			s, err := shell.New(cmd.Context(), shell.Options{Config: client.Config, Operate: client.Operate, Files: shell.Here{}})
			if err != nil {
				return err
			}
			defer s.Close()
			return atTerminal(in, a.out, func(console *shell.Console) error { return s.Only(cmd.Context(), console, "attach "+args[0]) })
		}),
	}
}
