// SPDX-License-Identifier: Apache-2.0

package main

import (
	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// attaching is what was typed about an attachment.
type attaching struct {
	apiv1.Attachment
	options []string
}

func (w *attaching) addFlags(f *pflag.FlagSet) {
	f.StringVar(&w.Ipv4, "ip", "", "this `address`, as in 10.7.0.9")
	f.StringVar(&w.Ipv6, "ip6", "", "this IPv6 `address`, as in fd00:7::9")
	f.StringSliceVar(&w.Aliases, "alias", nil, "another `name` in the network; may be repeated")
	f.StringArrayVar(&w.options, "driver-opt", nil, "set an option of the driver for this attachment, as `key=value`; may be repeated")
	f.Int32Var(&w.GatewayPriority, "gw-priority", 0, "the `number` by which its gateway is chosen: the highest is used")
}

// message is the attachment with its options read.
func (w *attaching) message() (*apiv1.Attachment, error) {
	options, err := parsePairs("driver option", w.options)
	w.Options = options
	return &w.Attachment, err
}

func (a *app) networkConnect() *cobra.Command {
	var w attaching
	c := &cobra.Command{
		Use: "connect [flags] NETWORK CONTAINER", Short: "attach a container or a sandbox to a network", Args: exactly(2),
		Long:              "Attach a container of this host to a network, or a sandbox (see linkspan sandbox).\nLinks and link-local addresses are for containers only.",
		Example:           "  linkspan network connect web c1\n  linkspan network connect --ip 10.7.0.9 --alias db web c1",
		ValidArgsFunction: a.completeNetworkAndMember,
		RunE: func(cmd *cobra.Command, args []string) error {
			message, err := w.message()
			if err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			_, err = client.Host.Connect(cmd.Context(), connect.NewRequest(&apiv1.HostServiceConnectRequest{
				Network: args[0], Member: args[1], Attachment: message,
			}))
			return onHost(err, "containers and sandboxes are of one host")
		},
	}
	w.addFlags(c.Flags())
	c.Flags().StringArrayVar(&w.Links, "link", nil, "another `container`, as in db or db:alias; may be repeated")
	c.Flags().StringSliceVar(&w.LinkLocal, "link-local-ip", nil, "one more `address` in the container; may be repeated")
	return c
}

func (a *app) networkDisconnect() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "disconnect NETWORK CONTAINER", Short: "detach a container or a sandbox from a network", Args: exactly(2),
		Example:           "  linkspan network disconnect web c1\n  linkspan network disconnect --force web c1",
		ValidArgsFunction: a.completeNetworkAndMember,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			_, err = client.Host.Disconnect(cmd.Context(), connect.NewRequest(&apiv1.HostServiceDisconnectRequest{
				Network: args[0], Member: args[1], Force: force,
			}))
			return onHost(err, "containers and sandboxes are of one host")
		},
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "also when the container is not known any more")
	return c
}

// completeNetworkAndMember offers networks, then what can be attached to them.
func (a *app) completeNetworkAndMember(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return a.completeNetworks(cmd, args, begun)
	case 1:
		return a.completeSandboxes(cmd, nil, begun)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
