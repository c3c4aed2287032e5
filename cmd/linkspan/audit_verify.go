// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/trust/audit"
)

// auditReport is what a verification found.
type auditReport struct {
	Holds    bool     `json:"holds"`
	Files    uint32   `json:"files"`
	Records  uint64   `json:"records"`
	First    uint64   `json:"first"`
	Last     string   `json:"last"` // number:hash
	Problems []string `json:"problems,omitempty"`
}

func (a *app) auditVerify() *cobra.Command {
	var o output.Options
	source := auditSource{app: a}
	var held []string
	c := &cobra.Command{
		Use: "verify", Short: "say whether anybody has changed what was written down", Args: exactly(0),
		Long: `Read the whole audit log and say whether its chain of hashes holds. Whoever may write the files
may also shorten them at their end, or make them anew from some record on: that is found out with
--holds and a record's number and hash that were kept elsewhere: what an earlier verification has printed,
or what a syslog server got. Exit status 1 when the chain does not hold.`,
		Example: "  linkspan audit verify\n  linkspan audit verify --holds 1042:5f2c...",
		RunE: func(cmd *cobra.Command, _ []string) error {
			anchors := make([]audit.Anchor, len(held))
			for i, text := range held {
				var err error
				if anchors[i], err = audit.ParseAnchor(text); err != nil {
					return usageError{fmt.Errorf("--holds: %w", err)}
				}
			}
			r, err := source.verify(cmd.Context(), anchors)
			if err != nil {
				return err
			}
			if err := a.printAudit(o, r); err != nil {
				return err
			}
			if !r.Holds {
				return status(exitFailed)
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&held, "holds", nil, "a record's `number:hash` that must be in the log; may be repeated")
	source.addFlags(c)
	o.AddFlags(c.Flags(), false)
	return c
}

func (s *auditSource) verify(ctx context.Context, anchors []audit.Anchor) (auditReport, error) {
	m := &apiv1.AuditServiceVerifyResponse{}
	if s.dir != "" {
		report, err := audit.Verify(s.dir, anchors...)
		if err != nil {
			return auditReport{}, err
		}
		m = auditing.ReportMessage(report)
	} else {
		client, err := s.app.switchClient(ctx, "cli")
		if err != nil {
			return auditReport{}, err
		}
		defer client.Close()
		r := &apiv1.AuditServiceVerifyRequest{}
		for _, anchor := range anchors {
			r.Anchors = append(r.Anchors, &apiv1.AuditAnchor{Number: anchor.Number, Hash: anchor.Hash.String()})
		}
		answer, err := client.Audit.Verify(ctx, connect.NewRequest(r))
		if err != nil {
			return auditReport{}, api.FromRPC(err)
		}
		m = answer.Msg
	}
	last := ""
	if m.GetLast() != nil {
		last = fmt.Sprintf("%d:%s", m.GetLast().GetNumber(), m.GetLast().GetHash())
	}
	return auditReport{len(m.GetProblems()) == 0, m.GetFiles(), m.GetRecords(), m.GetFirst().GetNumber(), last, m.GetProblems()}, nil
}

func (a *app) printAudit(o output.Options, r auditReport) error {
	if o.Output != "table" || o.Format != "" {
		return output.PrintOne(a.out, o, r)
	}
	if r.Holds {
		fmt.Fprintf(a.out, "the chain holds: %d records in %d files, from %d on; the last is\n%s\n", r.Records, r.Files, r.First, r.Last)
		return nil
	}
	fmt.Fprintf(a.out, "the chain does not hold (%d records in %d files):\n", r.Records, r.Files)
	for _, p := range r.Problems {
		fmt.Fprintf(a.out, "  %s\n", p)
	}
	return nil
}
