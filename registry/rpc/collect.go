// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/trust"
)

// tellEvery is how often it is said how far a collection is.
const tellEvery = 200 * time.Millisecond

// Collect implements the service.
func (s registryService) Collect(ctx context.Context, r *connect.Request[apiv1.RegistryServiceCollectRequest], stream *connect.ServerStream[apiv1.RegistryServiceCollectResponse]) error {
	if err := allow(ctx, trust.ImageCollect); err != nil {
		return err
	}
	if !callerOf(ctx).Rights.Lists() {
		return &linkspan.Error{Code: linkspan.Permission, Message: "garbage is of all repositories, and your grants are of some", Hint: "ask an administrator to do it"}
	}
	var told time.Time
	var step string
	report, err := s.Registry.Collect(ctx, catalog.Collection{
		DryRun: r.Msg.GetDryRun(), Untagged: r.Msg.GetUntagged(), Grace: time.Duration(r.Msg.GetGrace()) * time.Second, Now: s.Now(),
		Progress: func(now string, done, total int) {
			if now == step && time.Since(told) < tellEvery {
				return
			}
			step, told = now, time.Now()
			_ = stream.Send(&apiv1.RegistryServiceCollectResponse{Step: now, Done: uint32(done), Total: uint32(total)}) // who has gone ends ctx
		},
	})
	if !r.Msg.GetDryRun() {
		_ = s.done(ctx, fmt.Sprintf("image gc: %d manifests, %d blobs, %d bytes", report.Manifests, report.Blobs, report.Freed), err) // it is returned
	}
	if err != nil {
		return err
	}
	return stream.Send(&apiv1.RegistryServiceCollectResponse{Report: &apiv1.RegistryServiceCollectResponse_Report{
		Repositories: uint32(report.Repositories), Manifests: uint32(report.Manifests), Blobs: uint32(report.Blobs), Uploads: uint32(report.Uploads),
		Freed: uint64(report.Freed), Kept: uint32(report.Kept), Young: uint32(report.Young),
	}})
}
