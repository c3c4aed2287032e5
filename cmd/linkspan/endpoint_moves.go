// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// moveRow is a move as it is printed.
type moveRow struct {
	Container string `json:"container"`
	From      string `json:"from"`
	To        string `json:"to"`
	Step      string `json:"step"`
	Waiting   string `json:"waiting,omitempty"`
	Begun     string `json:"begun"`
	Actor     string `json:"actor,omitempty"`
}

var moveTable = output.Table[moveRow]{
	Name: func(m moveRow) string { return m.From + "/" + m.Container },
	Columns: []output.Column[moveRow]{
		{Title: "CONTAINER", Value: func(m moveRow) string { return m.Container }},
		{Title: "FROM", Value: func(m moveRow) string { return m.From }},
		{Title: "TO", Value: func(m moveRow) string { return m.To }},
		{Title: "STEP", Value: func(m moveRow) string { return m.Step }},
		{Title: "WAITING", Value: func(m moveRow) string { return cmp.Or(m.Waiting, "-") }},
	},
}

func (a *app) endpointMoves() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "moves", Short: "list the moves that are under way, or wait for a host", Args: exactly(0),
		Example: "  linkspan endpoint moves",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Moves.List(cmd.Context(), connect.NewRequest(&apiv1.MoveServiceListRequest{}))
			if err != nil {
				return err
			}
			rows := make([]moveRow, len(r.Msg.GetMoves()))
			for i, m := range r.Msg.GetMoves() {
				rows[i] = moveRow{
					m.GetContainer(), m.GetFrom(), m.GetTo(), m.GetStep(), m.GetWaiting(), m.GetBegun().AsTime().Format("2006-01-02T15:04:05Z07:00"), m.GetActor(),
				}
			}
			return moveTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}
