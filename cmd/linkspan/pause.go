// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

// pauseCommand is what runs in the sandboxes of composites: nothing, until it is ended.
func (a *app) pauseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pause", Short: "hold a network namespace", Hidden: true, Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			<-cmd.Context().Done()
			return nil
		},
	}
}
