// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

type systemService struct{ *Server }

var _ apiv1connect.SystemServiceHandler = systemService{}

func (s systemService) Version(context.Context, *connect.Request[apiv1.SystemServiceVersionRequest]) (*connect.Response[apiv1.SystemServiceVersionResponse], error) {
	return connect.NewResponse(s.build), nil
}

func (s systemService) Check(ctx context.Context, _ *connect.Request[apiv1.SystemServiceCheckRequest]) (*connect.Response[apiv1.SystemServiceCheckResponse], error) {
	if err := allow(ctx, trust.SwitchRead); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.SystemServiceCheckResponse{Checks: s.checks(ctx)}), nil
}
