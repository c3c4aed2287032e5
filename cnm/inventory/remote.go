// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// Remote is the controller's registry.
type Remote struct {
	client apiv1connect.LocalServiceClient
}

// NewRemote speaks through a client that has this host's certificate.
func NewRemote(client apiv1connect.LocalServiceClient) *Remote { return &Remote{client} }

// Compare implements [Registry].
func (r *Remote) Compare(ctx context.Context) (Stored, error) {
	answer, err := r.client.Compare(ctx, connect.NewRequest(&apiv1.LocalServiceCompareRequest{}))
	if err != nil {
		return Stored{}, api.FromRPC(err)
	}
	return Stored{answer.Msg.GetRevision(), digests(answer.Msg.GetNetworks()), digests(answer.Msg.GetEndpoints())}, nil
}

func digests(all []*apiv1.LocalDigest) map[string]uint64 {
	byID := make(map[string]uint64, len(all))
	for _, d := range all {
		byID[d.GetId()] = d.GetDigest()
	}
	return byID
}

// Change implements [Registry].
func (r *Remote) Change(ctx context.Context, revision uint64, c Change) (uint64, error) {
	request := &apiv1.LocalServiceChangeRequest{
		Revision: revision, NetworksRemoved: c.NetworksRemoved, EndpointsRemoved: c.EndpointsRemoved,
	}
	for i := range c.Networks {
		request.Networks = append(request.Networks, api.LocalNetworkToProto(&c.Networks[i], ""))
	}
	for i := range c.Endpoints {
		request.Endpoints = append(request.Endpoints, api.LocalEndpointToProto(&c.Endpoints[i]))
	}
	answer, err := r.client.Change(ctx, connect.NewRequest(request))
	if err != nil {
		return 0, api.FromRPC(err)
	}
	return answer.Msg.GetRevision(), nil
}
