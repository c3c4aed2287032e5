// SPDX-License-Identifier: Apache-2.0

package auditing

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust/audit"
)

// Service is the AuditService of a switch.
type Service struct {
	log *audit.Log
	may func(context.Context) error
}

var _ apiv1connect.AuditServiceHandler = (*Service)(nil)

// NewService returns the service of a log. Who may read it is asked of may.
func NewService(log *audit.Log, may func(context.Context) error) *Service { return &Service{log, may} }

// List implements the service.
func (s *Service) List(ctx context.Context, r *connect.Request[apiv1.AuditServiceListRequest]) (*connect.Response[apiv1.AuditServiceListResponse], error) {
	if err := s.may(ctx); err != nil {
		return nil, api.ToRPC(err)
	}
	records, err := Records(s.log.Dir(), r.Msg)
	if err != nil {
		return nil, api.ToRPC(err)
	}
	return connect.NewResponse(&apiv1.AuditServiceListResponse{Records: records}), nil
}

// Verify implements the service. That the log ends where the process that writes it thinks
// it does is part of it.
func (s *Service) Verify(ctx context.Context, r *connect.Request[apiv1.AuditServiceVerifyRequest]) (*connect.Response[apiv1.AuditServiceVerifyResponse], error) {
	if err := s.may(ctx); err != nil {
		return nil, api.ToRPC(err)
	}
	anchors := []audit.Anchor{s.log.Last()}
	for _, a := range r.Msg.GetAnchors() {
		anchor := audit.Anchor{Number: a.GetNumber()}
		if err := anchor.Hash.UnmarshalText([]byte(a.GetHash())); err != nil {
			return nil, api.ToRPC(&linkspan.Error{Code: linkspan.Invalid, Err: err})
		}
		anchors = append(anchors, anchor)
	}
	report, err := audit.Verify(s.log.Dir(), anchors...)
	if err != nil {
		return nil, api.ToRPC(err)
	}
	return connect.NewResponse(ReportMessage(report)), nil
}
