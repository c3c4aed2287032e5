// SPDX-License-Identifier: Apache-2.0

package rulebook

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// perCall is how many policies are applied in one call: a large file.
const perCall = 1000

// Apply puts policies in force, in large files.
func Apply(ctx context.Context, admin *api.Client, policies ...linkspan.Policy) error {
	for some := range slices.Chunk(policies, perCall) {
		var request apiv1.PolicyServiceApplyRequest
		for i := range some {
			request.Policies = append(request.Policies, api.PolicyToProto(&some[i]))
		}
		if _, err := admin.Policies.Apply(ctx, connect.NewRequest(&request)); err != nil {
			return api.FromRPC(err)
		}
	}
	return nil
}
