// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// revisionRow is a revision as it is printed.
type revisionRow struct {
	Revision uint32    `json:"revision"`
	Time     time.Time `json:"time"`
	Who      string    `json:"who"`
	How      string    `json:"how"`
	Of       uint32    `json:"of,omitempty"`
	Confirm  string    `json:"confirm,omitempty"`
	Comment  string    `json:"comment,omitempty"`
}

var revisionTable = output.Table[revisionRow]{
	Name: func(r revisionRow) string { return fmt.Sprint(r.Revision) },
	Columns: []output.Column[revisionRow]{
		{Title: "REVISION", Value: func(r revisionRow) string { return fmt.Sprint(r.Revision) }},
		{Title: "TIME", Value: func(r revisionRow) string { return r.Time.Local().Format(time.DateTime) }},
		{Title: "WHO", Value: func(r revisionRow) string { return r.Who }},
		{Title: "HOW", Value: func(r revisionRow) string { return r.How }},
		{Title: "COMMENT", Value: func(r revisionRow) string { return cmp.Or(r.Comment, "-") }},
	},
}

// listing is a verb that prints rows.
func listing[T any](a *app, use, short string, table output.Table[T], rows func(ctx context.Context, c *api.Client) ([]T, error)) *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: use, Short: short, Args: exactly(0), Example: "  linkspan config " + use + "\n  linkspan config " + use + " -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				all, err := rows(ctx, c)
				if err != nil {
					return err
				}
				return table.Print(a.out, o, all)
			})
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) configHistory() *cobra.Command {
	return listing(a, "history", "list what was committed, the last first", revisionTable, func(ctx context.Context, c *api.Client) ([]revisionRow, error) {
		r, err := c.Config.History(ctx, connect.NewRequest(&apiv1.ConfigServiceHistoryRequest{}))
		if err != nil {
			return nil, err
		}
		var rows []revisionRow
		for _, one := range r.Msg.GetRevisions() {
			row := revisionRow{one.GetNumber(), one.GetTime().AsTime(), one.GetWho(), one.GetHow(), one.GetOf(), "", one.GetComment()}
			if one.GetConfirm() != nil {
				row.Confirm = one.GetConfirm().AsDuration().String()
			}
			rows = append(rows, row)
		}
		return rows, nil
	})
}

// sessionRow is an editor as it is printed.
type sessionRow struct {
	Session uint64    `json:"session"`
	Who     string    `json:"who"`
	How     string    `json:"how"`
	Since   time.Time `json:"since"`
	Changes uint32    `json:"changes"`
	Locked  bool      `json:"locked"`
	Mine    bool      `json:"mine"`
}

func (a *app) configSessions() *cobra.Command {
	table := output.Table[sessionRow]{
		Name: func(r sessionRow) string { return fmt.Sprint(r.Session) },
		Columns: []output.Column[sessionRow]{
			{Title: "SESSION", Value: func(r sessionRow) string { return fmt.Sprint(r.Session) }},
			{Title: "WHO", Value: func(r sessionRow) string { return r.Who }},
			{Title: "HOW", Value: func(r sessionRow) string { return r.How }},
			{Title: "SINCE", Value: func(r sessionRow) string { return r.Since.Local().Format(time.DateTime) }},
			{Title: "CHANGES", Value: func(r sessionRow) string { return fmt.Sprint(r.Changes) }},
			{Title: "LOCK", Value: func(r sessionRow) string { return map[bool]string{true: "yes", false: "-"}[r.Locked] }},
		},
	}
	return listing(a, "sessions", "list who edits", table, func(ctx context.Context, c *api.Client) ([]sessionRow, error) {
		r, err := c.Config.Sessions(ctx, connect.NewRequest(&apiv1.ConfigServiceSessionsRequest{}))
		if err != nil {
			return nil, err
		}
		var rows []sessionRow
		for _, s := range r.Msg.GetSessions() {
			rows = append(rows, sessionRow{s.GetId(), s.GetWho(), s.GetHow(), s.GetSince().AsTime(), s.GetChanges(), s.GetLocked(), s.GetMine()})
		}
		return rows, nil
	})
}

// driftRow is what differs as it is printed.
type driftRow struct {
	Path []string `json:"path"`
	Want string   `json:"want"`
	Have string   `json:"have"`
}

func (a *app) configDrift() *cobra.Command {
	table := output.Table[driftRow]{
		Name: func(r driftRow) string { return strings.Join(r.Path, " ") },
		Columns: []output.Column[driftRow]{
			{Title: "PATH", Value: func(r driftRow) string { return strings.Join(r.Path, " ") }},
			{Title: "CONFIGURED", Value: func(r driftRow) string { return cmp.Or(r.Want, "-") }},
			{Title: "FOUND", Value: func(r driftRow) string { return cmp.Or(r.Have, "-") }},
		},
	}
	return listing(a, "drift", "list what is not as configured, as somebody changed it by other means", table, func(ctx context.Context, c *api.Client) ([]driftRow, error) {
		r, err := c.Config.Drift(ctx, connect.NewRequest(&apiv1.ConfigServiceDriftRequest{}))
		if err != nil {
			return nil, err
		}
		var rows []driftRow
		for _, d := range r.Msg.GetDrift() {
			rows = append(rows, driftRow{d.GetPath(), d.GetWant(), d.GetHave()})
		}
		return rows, nil
	})
}
