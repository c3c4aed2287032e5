// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (a *app) configCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "say what a commit would do, or why it would be refused", Args: exactly(0), Example: "  linkspan config check",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Check(ctx, connect.NewRequest(&apiv1.ConfigServiceCheckRequest{}))
				if err != nil {
					return err
				}
				for _, step := range r.Msg.GetSteps() {
					fmt.Fprintln(a.out, step)
				}
				return nil
			})
		},
	}
}

func (a *app) configCommit() *cobra.Command {
	req := &apiv1.ConfigServiceCommitRequest{}
	var confirm time.Duration
	c := &cobra.Command{
		Use: "commit", Short: "make the candidate run, all of it or nothing", Args: exactly(0),
		Example: "  linkspan config commit --comment \"second uplink\"\n  linkspan config commit --confirm 5m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("confirm") {
				if confirm <= 0 {
					return usageError{fmt.Errorf("--confirm must be above 0")}
				}
				req.Confirm = durationpb.New(confirm)
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Commit(ctx, connect.NewRequest(req))
				if err != nil {
					return err
				}
				number := r.Msg.GetRevision().GetNumber()
				switch {
				case r.Msg.GetUnchanged():
					fmt.Fprintln(a.out, "there is nothing to commit")
				case confirm > 0:
					fmt.Fprintf(a.out, "revision %d runs; it goes back after %s unless it is confirmed\n", number, confirm)
				default:
					fmt.Fprintf(a.out, "revision %d runs\n", number)
				}
				return nil
			})
		},
	}
	c.Flags().StringVarP(&req.Comment, "comment", "m", "", "`why`, for the history")
	c.Flags().DurationVar(&confirm, "confirm", 0, "go back after this `time` unless it is confirmed")
	return c
}
