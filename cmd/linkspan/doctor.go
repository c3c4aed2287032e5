// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/lab"
)

// checkRow is one line of the doctor's report.
type checkRow struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warning, failed
	Found string `json:"found"`
	Hint  string `json:"hint,omitempty"`
}

var checkStates = map[apiv1.Check_State]string{
	apiv1.Check_STATE_OK: "ok", apiv1.Check_STATE_WARNING: "warning", apiv1.Check_STATE_FAILED: "failed",
}

func (a *app) doctorCommand() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "doctor", Short: "what this host has, what was chosen, what it lacks", Args: exactly(0),
		Long: `Ask the linkspan process of this host how it does: its controller, Open vSwitch, Docker
and tunnel, what was chosen and what the host lacks for better. Without a process, say
whether the host could run one. Exit status 1 when something failed.`,
		Example: "  linkspan doctor\n  linkspan lab exec h1 -- linkspan doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := a.diagnose(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.printChecks(o, rows); err != nil {
				return err
			}
			for _, r := range rows {
				if r.State == "failed" {
					return status(exitFailed)
				}
			}
			return nil
		},
	}
	o.AddFlags(c.Flags(), false)
	return c
}

func (a *app) diagnose(ctx context.Context) ([]checkRow, error) {
	client, err := a.target.client()
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		return lacks(), nil // nobody to ask: look at the host itself
	}
	if err != nil {
		return nil, err
	}
	defer client.Close()
	r, err := client.System.Check(ctx, connect.NewRequest(&apiv1.SystemServiceCheckRequest{}))
	if err != nil {
		return nil, err
	}
	rows := make([]checkRow, len(r.Msg.GetChecks()))
	for i, c := range r.Msg.GetChecks() {
		rows[i] = checkRow{c.GetName(), checkStates[c.GetState()], c.GetFound(), c.GetHint()}
	}
	return rows, nil
}

// lacks says whether this host could run a lab, and so a switch.
func lacks() []checkRow {
	rows := []checkRow{{"linkspan", "warning", "no linkspan process runs on this host", "linkspan serve, or linkspan lab up to try it"}}
	for _, l := range lab.Preflight() {
		rows = append(rows, checkRow{"host", "failed", l.What, l.Fix})
	}
	if len(rows) == 1 {
		rows = append(rows, checkRow{"host", "ok", "has all that a lab needs", ""})
	}
	return rows
}

func (a *app) printChecks(o output.Options, rows []checkRow) error {
	if o.Output != "table" || o.Format != "" {
		return output.PrintOne(a.out, o, rows)
	}
	if err := o.Validate(); err != nil {
		return err
	}
	tw := tabwriter.NewWriter(a.out, 0, 8, 3, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", r.State, r.Name, r.Found)
		if r.Hint != "" {
			fmt.Fprintf(tw, "\t\t  %s\n", r.Hint)
		}
	}
	return tw.Flush()
}
