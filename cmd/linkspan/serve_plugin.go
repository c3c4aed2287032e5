// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/cnm/docker"
)

// insidePlugin is where dockerd looks for the socket, in the plugin's own root.
const insidePlugin = "/run/docker/plugins/linkspan.sock"

// servePlugin is what runs inside of the managed plugin; see pluginExport.
func (a *app) servePlugin() *cobra.Command {
	var logs logging
	var socket, toSwitch string
	c := &cobra.Command{
		Use: "plugin", Short: "be Docker's managed plugin, for swarms", Args: exactly(0),
		Long: `Be Docker's managed plugin, for swarms: pass Docker's calls on to the switch of this
host. This runs inside of the plugin that linkspan plugin export writes.`,
		Example: "  linkspan serve plugin",
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(a.err)
			if err != nil {
				return err
			}
			return relayPlugin(cmd.Context(), socket, docker.NewRelay(toSwitch, 0, log))
		},
	}
	c.Flags().StringVar(&socket, "plugin-socket", insidePlugin, "answer Docker at this `file`")
	c.Flags().StringVar(&toSwitch, "swarm-socket", swarmSocket, "find the switch of this host at this `file`")
	logs.addFlags(c.Flags())
	return c
}

func relayPlugin(ctx context.Context, socket string, relay *docker.Relay) error {
	listener, err := docker.Listen(socket)
	if err != nil {
		return err
	}
	return relay.Serve(ctx, listener)
}
