// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/policyfile"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// effectRow is what policies would do to packets of one kind.
type effectRow struct {
	Of       string     `json:"of"` // route or conversation
	From     string     `json:"from"`
	FromName string     `json:"from_name,omitempty"`
	To       string     `json:"to"`
	ToName   string     `json:"to_name,omitempty"`
	Ports    string     `json:"ports"`
	Before   verdictRow `json:"before"`
	After    verdictRow `json:"after"`
	Changed  bool       `json:"changed"`
}

// verdictRow is what becomes of packets, and why.
type verdictRow struct {
	Action string `json:"action"`
	Policy string `json:"policy,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func newVerdictRow(v *apiv1.PolicyVerdict) verdictRow {
	return verdictRow{v.GetAction(), v.GetPolicy(), v.GetReason()}
}

func (v verdictRow) String() string {
	if v.Policy != "" {
		return v.Action + " by " + v.Policy
	}
	return v.Action + " (" + v.Reason + ")"
}

var effectTable = output.Table[effectRow]{
	Name: func(e effectRow) string { return e.From + " " + e.To + " " + e.Ports },
	Columns: []output.Column[effectRow]{
		{Title: "OF", Value: func(e effectRow) string { return e.Of }},
		{Title: "FROM", Value: func(e effectRow) string { return cmp.Or(e.FromName, e.From) }},
		{Title: "TO", Value: func(e effectRow) string { return cmp.Or(e.ToName, e.To) }},
		{Title: "PORTS", Value: func(e effectRow) string { return e.Ports }},
		{Title: "BEFORE", Value: func(e effectRow) string { return e.Before.String() }},
		{Title: "AFTER", Value: func(e effectRow) string {
			if !e.Changed && e.Before == e.After {
				return "the same"
			}
			return e.After.String()
		}},
	},
	Wide: []output.Column[effectRow]{
		{Title: "ADDRESSES", Value: func(e effectRow) string { return e.From + " " + e.To }},
	},
}

func newEffectRows(of string, effects []*apiv1.PolicyEffect) []effectRow {
	rows := make([]effectRow, len(effects))
	for i, e := range effects {
		rows[i] = effectRow{
			Of: of, From: e.GetFrom(), FromName: e.GetFromName(), To: e.GetTo(), ToName: e.GetToName(), Ports: e.GetPorts(),
			Before: newVerdictRow(e.GetBefore()), After: newVerdictRow(e.GetAfter()), Changed: e.GetBefore().GetAction() != e.GetAfter().GetAction(),
		}
	}
	return rows
}

func (a *app) policyTest() *cobra.Command {
	var o output.Options
	var files policyFiles
	var conversations string
	c := &cobra.Command{
		Use: "test -f FILE", Short: "tell what policies would change, and apply nothing", Args: exactly(0),
		Long: `Tell what would change if the policies of files were applied: of the routes that are
plugged now, those that would have another verdict, and what becomes of each conversation
of a list. Nothing is applied. A list has a conversation a line: from whom, to whom, and
what, as in

    web1 h2/db1.back tcp/5432
    10.7.0.5 db1     udp/5000-6000    # a comment`,
		Example: "  linkspan policy test -f web.yaml\n  linkspan policy test -f web.yaml --conversations must-work.txt\n" +
			"  linkspan policy test -f web.yaml --format '{{.From}} {{.To}} {{.Changed}}'",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			if err := files.readAll(a, conversations); err != nil {
				return a.mistakes(err, "")
			}
			r, err := client.Policies.Test(cmd.Context(), connect.NewRequest(files.question()))
			if err != nil {
				return a.mistakes(files.placed(err), "")
			}
			a.warn(r.Msg.GetWarnings())
			for _, m := range r.Msg.GetMissing() {
				fmt.Fprintf(a.err, "linkspan: switch %s is away; its routes are not looked at\n", m)
			}
			fmt.Fprintf(a.err, "%d routes were looked at\n", r.Msg.GetRoutesAsked())
			rows := append(newEffectRows("route", r.Msg.GetRoutes()), newEffectRows("conversation", r.Msg.GetConversations())...)
			return effectTable.Print(a.out, o, rows)
		}),
	}
	files.addFlags(c.Flags())
	c.Flags().StringVar(&conversations, "conversations", "", "also tell what becomes of the conversations in this `file`")
	_ = c.MarkFlagRequired("file")
	_ = c.MarkFlagFilename("file", "yaml", "yml")
	_ = c.MarkFlagFilename("conversations")
	o.AddFlags(c.Flags(), true)
	return c
}

// readAll reads the policies, and the conversations if there is a file of them.
func (f *policyFiles) readAll(a *app, conversations string) error {
	if err := f.read(a.in); err != nil || conversations == "" {
		return err
	}
	text, shown, err := readFile(a.in, conversations)
	if err != nil {
		return err
	}
	f.conversations, err = policyfile.ReadConversations(shown, text)
	return err
}

// question is what the controller is asked.
func (f *policyFiles) question() *apiv1.PolicyServiceTestRequest {
	req := &apiv1.PolicyServiceTestRequest{Policies: f.messages()}
	for _, c := range f.conversations {
		req.Conversations = append(req.Conversations, &apiv1.PolicyConversation{From: c.From, To: c.To, Ports: c.Ports.String()})
	}
	return req
}
