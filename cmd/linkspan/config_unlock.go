// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (a *app) configUnlock() *cobra.Command {
	return &cobra.Command{
		Use: "unlock [SESSION]", Short: "let others edit again", Args: usageArgs(cobra.MaximumNArgs(1)), ValidArgsFunction: cobra.NoFileCompletions,
		Long: `Let others edit the configuration again. With the number of a session an administrator takes
the lock from whoever has it; the session goes on without it.`,
		Example: "  linkspan config unlock\n  linkspan config sessions\n  linkspan config unlock 7",
		RunE: func(cmd *cobra.Command, args []string) error {
			session := uint64(0)
			if len(args) > 0 {
				n, err := strconv.ParseUint(args[0], 10, 32)
				if err != nil || n == 0 {
					return usageError{fmt.Errorf("%q is no number of a session", args[0])}
				}
				session = n
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				_, err := c.Config.Unlock(ctx, connect.NewRequest(&apiv1.ConfigServiceUnlockRequest{Session: session}))
				if err == nil {
					fmt.Fprintln(a.out, "unlocked")
				}
				return err
			})
		},
	}
}
