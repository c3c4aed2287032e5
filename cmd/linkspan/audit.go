// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/trust/audit"
)

// auditRow is a record as it is printed.
type auditRow struct {
	Number   uint64    `json:"number"`
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"`
	Who      string    `json:"who"`
	Role     string    `json:"role,omitempty"`
	How      string    `json:"how,omitempty"`
	From     string    `json:"from,omitempty"`
	Session  string    `json:"session,omitempty"`
	Text     string    `json:"text,omitempty"`
	Revision uint32    `json:"revision,omitempty"`
	Error    string    `json:"error,omitempty"`
	Hash     string    `json:"hash"`
}

var auditTable = output.Table[auditRow]{
	Name: func(r auditRow) string { return fmt.Sprint(r.Number) },
	Columns: []output.Column[auditRow]{
		{Title: "NUMBER", Value: func(r auditRow) string { return fmt.Sprint(r.Number) }},
		{Title: "TIME", Value: func(r auditRow) string { return r.Time.Local().Format(time.DateTime) }},
		{Title: "KIND", Value: func(r auditRow) string { return r.Kind }},
		{Title: "WHO", Value: func(r auditRow) string { return cmp.Or(r.Who, "-") }},
		{Title: "HOW", Value: func(r auditRow) string { return cmp.Or(strings.TrimSpace(r.How+" "+r.From), "-") }},
		{Title: "WHAT", Value: auditText},
	},
}

// auditText is what was done, on one line.
func auditText(r auditRow) string {
	text := strings.ReplaceAll(r.Text, "\n", "; ")
	if r.Revision > 0 {
		text = fmt.Sprintf("revision %d: %s", r.Revision, text)
	}
	if r.Error != "" {
		text += " (" + r.Error + ")"
	}
	return text
}

func (a *app) auditCommand() *cobra.Command {
	return noun("audit", "who did what on this switch", a.auditLs(), a.auditVerify())
}

// auditSource is where the records are read: asked of the process, or in a folder.
type auditSource struct {
	app *app
	dir string
}

func (s *auditSource) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&s.dir, "dir", "", "read the log in this `folder` (audit in --switch-dir) instead of asking the switch's process, which need not run")
}

func (s *auditSource) list(ctx context.Context, r *apiv1.AuditServiceListRequest) ([]*apiv1.AuditRecord, error) {
	if s.dir != "" {
		return auditing.Records(s.dir, r)
	}
	client, err := s.app.switchClient(ctx, "cli")
	if err != nil {
		return nil, err
	}
	defer client.Close()
	answer, err := client.Audit.List(ctx, connect.NewRequest(r))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	return answer.Msg.GetRecords(), nil
}

func (a *app) auditLs() *cobra.Command {
	var o output.Options
	var since time.Duration
	source := auditSource{app: a}
	req := &apiv1.AuditServiceListRequest{}
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list what was done, the last at the end", Args: exactly(0),
		Example: "  linkspan audit ls --limit 20\n  linkspan audit ls --who ann --kind change --since 24h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if since > 0 {
				req.Since = timestamppb.New(time.Now().Add(-since))
			}
			for _, k := range req.GetKinds() {
				if !slices.Contains(audit.Kinds(), audit.Kind(k)) {
					return usageError{fmt.Errorf("--kind %s: there is none; there are %v", k, audit.Kinds())}
				}
			}
			records, err := source.list(cmd.Context(), req)
			if err != nil {
				return err
			}
			rows := make([]auditRow, len(records))
			for i, r := range records {
				rows[i] = auditRow{
					r.GetNumber(), r.GetTime().AsTime(), r.GetKind(), r.GetWho(), r.GetRole(), r.GetHow(), r.GetFrom(), r.GetSession(),
					r.GetText(), r.GetRevision(), r.GetError(), r.GetHash(),
				}
			}
			return auditTable.Print(a.out, o, rows)
		},
	}
	c.Flags().Uint32Var(&req.Limit, "limit", audit.Limit, "at most this `many`")
	c.Flags().StringVar(&req.Who, "who", "", "of this `user` alone")
	c.Flags().StringArrayVar(&req.Kinds, "kind", nil, "of this `kind` alone, such as change or denied; may be repeated")
	c.Flags().StringVar(&req.Text, "text", "", "with this `text` in what was done")
	c.Flags().DurationVar(&since, "since", 0, "of this `time` until now, such as 24h")
	source.addFlags(c)
	o.AddFlags(c.Flags(), true)
	return c
}
