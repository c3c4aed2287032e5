// SPDX-License-Identifier: Apache-2.0

package auditing

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust/audit"
)

// Records returns the records in a folder that a request wants.
func Records(dir string, r *apiv1.AuditServiceListRequest) ([]*apiv1.AuditRecord, error) {
	f := audit.Filter{Who: r.GetWho(), Text: r.GetText(), Limit: int(r.GetLimit())}
	for _, k := range r.GetKinds() {
		f.Kinds = append(f.Kinds, audit.Kind(k))
	}
	if since := r.GetSince(); since != nil {
		f.Since = since.AsTime()
	}
	records, err := audit.List(dir, f)
	if err != nil {
		return nil, err
	}
	messages := make([]*apiv1.AuditRecord, len(records))
	for i, record := range records {
		messages[i] = message(record)
	}
	return messages, nil
}

// message returns a record as the API has it.
func message(r audit.Record) *apiv1.AuditRecord {
	return &apiv1.AuditRecord{
		Number: r.Number, Time: timestamppb.New(r.Time), Kind: string(r.Kind), Who: r.Who, Role: r.Role, How: r.How, From: r.From,
		Session: r.Session, Text: r.Text, Revision: uint32(r.Revision), Error: r.Error, Hash: r.Hash.String(),
	}
}

// ReportMessage returns a report as the API has it.
func ReportMessage(r audit.Report) *apiv1.AuditServiceVerifyResponse {
	return &apiv1.AuditServiceVerifyResponse{
		Files: uint32(r.Files), Records: uint64(r.Records), First: anchor(r.First), Last: anchor(r.Last), Problems: r.Problems,
	}
}

func anchor(a audit.Anchor) *apiv1.AuditAnchor {
	if a.Number == 0 {
		return nil
	}
	return &apiv1.AuditAnchor{Number: a.Number, Hash: a.Hash.String()}
}
