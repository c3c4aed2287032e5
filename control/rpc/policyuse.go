// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// policyUse tells what policies decided about, in their order, and which chassis did not
// say. Of one that is not in the View yet, nothing was counted.
func (s *Server) policyUse(ctx context.Context, policies []linkspan.Policy) (out []*apiv1.PolicyUse, missing []string) {
	ctx, cancel := context.WithTimeout(ctx, dumpLimit)
	defer cancel()
	use, away := s.hub.PolicyUse(ctx)
	out = make([]*apiv1.PolicyUse, len(policies))
	for i := range policies {
		out[i] = &apiv1.PolicyUse{Policy: policies[i].Name}
		if u, counted := use[policies[i].ID]; counted {
			out[i].Since = timestamppb.New(u.Since)
			out[i].Decisions, out[i].Packets, out[i].Bytes = u.Decisions, u.Packets, u.Bytes
		}
	}
	v := s.hub.View()
	for _, id := range away {
		missing = append(missing, v.ChassisName(id))
	}
	return out, missing
}
