// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
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
	var within confirmTime
	c := &cobra.Command{
		Use: "commit", Short: "make the candidate run, all of it or nothing", Args: exactly(0),
		Example: "  linkspan config commit --comment \"second uplink\"\n  linkspan config commit --confirm 5m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			confirm := time.Duration(within)
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
	c.Flags().Var(&within, "confirm", "go back after this `time` unless it is confirmed: 90s, 5m; a number alone is minutes")
	return c
}

// confirmTime is the value of --confirm: a number alone is minutes, as in the shell.
type confirmTime time.Duration

// String implements pflag.Value.
func (c *confirmTime) String() string {
	if *c == 0 {
		return "" // help shows no default
	}
	return time.Duration(*c).String()
}

// Set implements pflag.Value.
func (c *confirmTime) Set(text string) error {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		text = strconv.FormatUint(n, 10) + "m"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no time such as 5m", text)
	}
	*c = confirmTime(d)
	return nil
}

// Type implements pflag.Value.
func (*confirmTime) Type() string { return "time" }
