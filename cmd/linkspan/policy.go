// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// policyRow is a policy as it is printed, in the words of its file.
type policyRow struct {
	Name     string        `json:"name"`
	ID       string        `json:"id"`
	Priority uint32        `json:"priority"`
	Action   string        `json:"action"`
	From     []selectorRow `json:"from"` // none: anyone
	To       []selectorRow `json:"to"`
	Ports    []string      `json:"ports"` // none: whatever is sent
	Log      bool          `json:"log"`
	Created  time.Time     `json:"created"`
	Creator  string        `json:"creator,omitempty"`
	Use      useRow        `json:"use"`
}

// useRow is what a policy has decided about.
type useRow struct {
	Since     time.Time `json:"since,omitzero"` // when counting began
	Decisions uint64    `json:"decisions"`      // packets that came up of which it decided
	Packets   uint64    `json:"packets"`        // let through, replies included, or dropped
	Bytes     uint64    `json:"bytes"`
}

func newUseRow(m *apiv1.PolicyUse) useRow {
	row := useRow{Decisions: m.GetDecisions(), Packets: m.GetPackets(), Bytes: m.GetBytes()}
	if m.GetSince() != nil {
		row.Since = m.GetSince().AsTime()
	}
	return row
}

// selectorRow is a selector as it is written.
type selectorRow struct {
	Labels   map[string]string `json:"labels,omitempty"`
	Network  string            `json:"network,omitempty"`
	Group    string            `json:"group,omitempty"`
	Endpoint string            `json:"endpoint,omitempty"`
	CIDR     string            `json:"cidr,omitempty"`

	text string
}

var policyTable = output.Table[policyRow]{
	Name: func(p policyRow) string { return p.Name },
	Columns: []output.Column[policyRow]{
		{Title: "POLICY", Value: func(p policyRow) string { return p.Name }},
		{Title: "PRIORITY", Value: func(p policyRow) string { return strconv.FormatUint(uint64(p.Priority), 10) }},
		{Title: "ACTION", Value: func(p policyRow) string { return p.Action }},
		{Title: "FROM", Value: func(p policyRow) string { return selectorText(p.From) }},
		{Title: "TO", Value: func(p policyRow) string { return selectorText(p.To) }},
		{Title: "PORTS", Value: func(p policyRow) string { return cmp.Or(strings.Join(p.Ports, " "), "all") }},
		{Title: "PACKETS", Value: func(p policyRow) string { return strconv.FormatUint(p.Use.Packets, 10) }},
		{Title: "BYTES", Value: func(p policyRow) string { return strconv.FormatUint(p.Use.Bytes, 10) }},
	},
	Wide: []output.Column[policyRow]{
		{Title: "POLICY ID", Value: func(p policyRow) string { return p.ID }},
		{Title: "DECISIONS", Value: func(p policyRow) string { return strconv.FormatUint(p.Use.Decisions, 10) }},
		{Title: "SINCE", Value: func(p policyRow) string { return sinceText(p.Use.Since) }},
		{Title: "LOG", Value: func(p policyRow) string { return strconv.FormatBool(p.Log) }},
		{Title: "CREATED", Value: func(p policyRow) string { return p.Created.Local().Format(time.DateTime) }},
		{Title: "CREATOR", Value: func(p policyRow) string { return cmp.Or(p.Creator, "-") }},
	},
}

// sinceText is when counting began; of a policy that is not in force yet it did not.
func sinceText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}

// selectorText is one side of a policy in a line.
func selectorText(side []selectorRow) string {
	texts := make([]string, len(side))
	for i, s := range side {
		texts[i] = s.text
	}
	return cmp.Or(strings.Join(texts, " or "), "anyone")
}

func newPolicyRow(m *apiv1.Policy) policyRow {
	p, _ := api.PolicyFromProto(m) // what the controller sends can be read; else it is shown as far as it can
	row := policyRow{
		Name: p.Name, ID: p.ID.String(), Priority: m.GetPriority(), Action: m.GetAction(), Ports: append([]string{}, m.GetPorts()...),
		From: newSelectorRows(p.From), To: newSelectorRows(p.To), Log: p.Log, Created: p.Created, Creator: p.Creator,
	}
	return row
}

func newSelectorRows(side []linkspan.Selector) []selectorRow {
	rows := make([]selectorRow, len(side))
	for i := range side {
		s := &side[i]
		rows[i] = selectorRow{Labels: s.Labels, Network: s.Network, Group: s.Group, Endpoint: s.Endpoint, text: s.String()}
		if s.CIDR.IsValid() {
			rows[i].CIDR = s.CIDR.String()
		}
	}
	return rows
}

func (a *app) policyCommand() *cobra.Command {
	c := noun("policy", "who may talk to whom: allow, deny and reject",
		a.policyApply(), a.policyLs(), a.policyInspect(), a.policyRm(), a.policyTest())
	c.Long = `A policy allows, denies or rejects what goes from some endpoints to others, of some
protocols and ports; replies pass. They are written in YAML:

    apiVersion: linkspan/v1
    kind: Policy
    metadata: {name: web-to-db}
    spec:
      priority: 100                     greater ones are asked first; 0 to 65535
      action: allow                     allow, deny or reject
      from: [{labels: {app: web}}]      any of these; left out: anyone
      to: [{network: back}]
      ports: [tcp/5432, icmp/8]         left out: whatever is sent
      log: false

A selector has labels (of the container), network, group, endpoint ([chassis/]container[.network])
and cidr; all that it says must hold. Of policies of one priority a deny is asked before a
reject, and that before an allow.`
	return c
}

func (a *app) policyLs() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list policies in the order in which they are asked, and what they decided about", Args: exactly(0),
		Long: `List policies in the order in which they are asked. PACKETS and BYTES are what was let through
by a policy, replies included, or dropped, since the controller began or the policy came
(--no-trunc shows when): what switches count of which one policy alone decides. DECISIONS is
how often a packet came up to the controller of which it decided.`,
		Example: "  linkspan policy ls\n  linkspan policy ls --no-trunc\n  linkspan policy ls -o yaml",
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Policies.List(cmd.Context(), connect.NewRequest(&apiv1.PolicyServiceListRequest{Use: !o.Quiet}))
			if err != nil {
				return err
			}
			a.notCounted(r.Msg.GetMissing())
			rows := make([]policyRow, len(r.Msg.GetPolicies()))
			for i, p := range r.Msg.GetPolicies() {
				rows[i] = newPolicyRow(p)
				if use := r.Msg.GetUse(); i < len(use) {
					rows[i].Use = newUseRow(use[i])
				}
			}
			return policyTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

// policyDoc is all of a policy, and whom it selects.
type policyDoc struct {
	policyRow
	Selected selectedDoc `json:"selected"`
}

type selectedDoc struct {
	From      []string `json:"from"` // chassis/container.network, not all of them where there are many
	FromCount uint32   `json:"from_count"`
	To        []string `json:"to"`
	ToCount   uint32   `json:"to_count"`
}

func (a *app) policyInspect() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect POLICY...", Short: "show all of policies, and whom they select now", Args: atLeast(1),
		Example:           "  linkspan policy inspect web-to-db\n  linkspan policy inspect --format '{{.Selected.ToCount}}' web-to-db",
		ValidArgsFunction: a.completePolicies,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			docs, failed := []policyDoc{}, false
			for _, name := range args {
				r, err := client.Policies.Get(cmd.Context(), connect.NewRequest(&apiv1.PolicyServiceGetRequest{Policy: name}))
				if err != nil {
					failed = true
					report(a.err, cmd, err)
					continue
				}
				a.notCounted(r.Msg.GetMissing())
				row := newPolicyRow(r.Msg.GetPolicy())
				row.Use = newUseRow(r.Msg.GetUse())
				docs = append(docs, policyDoc{row, selectedDoc{
					append([]string{}, r.Msg.GetFrom()...), r.Msg.GetFromCount(), append([]string{}, r.Msg.GetTo()...), r.Msg.GetToCount(),
				}})
			}
			if failed && len(docs) == 0 {
				return status(exitFailed)
			}
			if err := output.PrintAll(a.out, o, docs); err != nil || !failed {
				return err
			}
			return status(exitFailed)
		}),
	}
	o.AddFlags(c.Flags(), false)
	return c
}

// notCounted tells of switches that did not say what they count.
func (a *app) notCounted(missing []string) {
	for _, name := range missing {
		fmt.Fprintf(a.err, "linkspan: switch %s is away; what it counted since it last told is not shown\n", name)
	}
}

func (a *app) policyRm() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "rm POLICY...", Aliases: []string{"remove"}, Short: "remove policies", Args: atLeast(1),
		Long:              "Remove policies, by name or id. What they said is no longer asked, at once.",
		Example:           "  linkspan policy rm web-to-db\n  linkspan policy rm --force web-to-db old",
		ValidArgsFunction: a.completePolicies,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			return a.each(cmd, args, func(name string) error {
				_, err := client.Policies.Remove(cmd.Context(), connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: name}))
				if force && connect.CodeOf(err) == connect.CodeNotFound {
					return errNothing
				}
				return err
			})
		}),
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "a policy that there is not is no error")
	return c
}

// completePolicies offers the names of policies.
func (a *app) completePolicies(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	client, err := a.target.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer client.Close()
	r, err := client.Policies.List(cmd.Context(), connect.NewRequest(&apiv1.PolicyServiceListRequest{}))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range r.Msg.GetPolicies() {
		names = append(names, p.GetName())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
