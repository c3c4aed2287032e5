// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// eventRow is an event as it is printed.
type eventRow struct {
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	Chassis string    `json:"chassis,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	Message string    `json:"message"`
}

var eventTable = output.Table[eventRow]{
	Name: func(e eventRow) string { return e.Subject },
	Columns: []output.Column[eventRow]{
		{Title: "TIME", Value: func(e eventRow) string { return e.Time.Local().Format(time.DateTime) }},
		{Title: "EVENT", Value: func(e eventRow) string { return e.Kind }},
		{Title: "SUBJECT", Value: func(e eventRow) string { return e.Subject }},
		{Title: "SWITCH", Value: func(e eventRow) string { return cmp.Or(e.Chassis, "-") }},
		{Title: "BY", Value: func(e eventRow) string { return cmp.Or(e.Actor, "-") }},
		{Title: "WHY", Value: func(e eventRow) string { return e.Message }},
	},
}

func newEventRow(e *apiv1.Event) eventRow {
	return eventRow{e.GetTime().AsTime(), e.GetKind(), e.GetSubject(), e.GetChassis(), e.GetActor(), e.GetMessage()}
}

func (a *app) eventCommand() *cobra.Command {
	return noun("event", "what happened, and why", a.eventLs(), a.eventWatch())
}

func (a *app) eventLs() *cobra.Command {
	var o output.Options
	req := &apiv1.EventServiceListRequest{}
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list the last events, oldest first", Args: exactly(0),
		Example: "  linkspan event ls --limit 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if req.Limit == 0 {
				return usageError{errors.New("--limit must be above 0")}
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Events.List(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			rows := make([]eventRow, len(r.Msg.GetEvents()))
			for i, e := range r.Msg.GetEvents() {
				rows[i] = newEventRow(e)
			}
			return eventTable.Print(a.out, o, rows)
		},
	}
	c.Flags().Uint32Var(&req.Limit, "limit", 100, "at most this `many`")
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) eventWatch() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "watch", Short: "print events as they happen", Args: exactly(0),
		Long:    "Print events as they happen, a line each, until interrupted.",
		Example: "  linkspan event watch\n  linkspan event watch -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			stream, err := client.Events.Watch(cmd.Context(), connect.NewRequest(&apiv1.EventServiceWatchRequest{}))
			if err != nil {
				return err
			}
			defer stream.Close()
			for stream.Receive() {
				if stream.Msg().GetEvent() == nil {
					fmt.Fprintln(a.err, "watching; interrupt to end")
					continue
				}
				e := newEventRow(stream.Msg().GetEvent())
				if o.Output != "table" || o.Format != "" {
					err = output.PrintLine(a.out, o, e)
				} else {
					_, err = fmt.Fprintf(a.out, "%s %s %s on %s by %s: %s\n", e.Time.Local().Format(time.TimeOnly),
						e.Kind, e.Subject, cmp.Or(e.Chassis, "-"), cmp.Or(e.Actor, "-"), e.Message)
				}
				if err != nil {
					return err
				}
			}
			return stream.Err()
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}
