// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

var _ apiv1connect.HostServiceHandler = (*Host)(nil)

// reply bounds a call and gives its error the code of the wire.
func reply[T any](ctx context.Context, do func(context.Context) (*T, error)) (*connect.Response[T], error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := do(ctx)
	if err != nil {
		return nil, api.ToRPC(err)
	}
	return connect.NewResponse(answer), nil
}

// ListNetworks implements the service.
func (h *Host) ListNetworks(ctx context.Context, _ *connect.Request[apiv1.HostServiceListNetworksRequest]) (*connect.Response[apiv1.HostServiceListNetworksResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceListNetworksResponse, error) {
		list := h.ownList()
		if h.cfg.Docker != nil {
			dockers, err := h.dockerList(ctx)
			if err != nil {
				return nil, err
			}
			list = append(list, dockers...)
		}
		return &apiv1.HostServiceListNetworksResponse{Networks: list}, nil
	})
}

// GetNetwork implements the service.
func (h *Host) GetNetwork(ctx context.Context, req *connect.Request[apiv1.HostServiceGetNetworkRequest]) (*connect.Response[apiv1.HostServiceGetNetworkResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceGetNetworkResponse, error) {
		n, err := h.ownGet(req.Msg)
		if err != nil && h.cfg.Docker != nil && linkspan.CodeOf(err) == linkspan.NotFound {
			return h.dockerGet(ctx, req.Msg)
		}
		return &apiv1.HostServiceGetNetworkResponse{Network: n}, err
	})
}

// CreateNetwork implements the service.
func (h *Host) CreateNetwork(ctx context.Context, req *connect.Request[apiv1.HostServiceCreateNetworkRequest]) (*connect.Response[apiv1.HostServiceCreateNetworkResponse], error) {
	return reply(ctx, func(ctx context.Context) (out *apiv1.HostServiceCreateNetworkResponse, err error) {
		out = &apiv1.HostServiceCreateNetworkResponse{}
		if h.cfg.Docker != nil {
			out.Id, out.Warnings, err = h.dockerCreate(ctx, req.Msg.GetNetwork(), req.Msg.GetNoIpv4())
		} else {
			out.Id, err = h.ownCreate(ctx, req.Msg.GetNetwork(), req.Msg.GetNoIpv4())
		}
		return out, err
	})
}

// RemoveNetwork implements the service.
func (h *Host) RemoveNetwork(ctx context.Context, req *connect.Request[apiv1.HostServiceRemoveNetworkRequest]) (*connect.Response[apiv1.HostServiceRemoveNetworkResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceRemoveNetworkResponse, error) {
		err := h.ownRemove(ctx, req.Msg.GetNetwork())
		if h.cfg.Docker != nil && linkspan.CodeOf(err) == linkspan.NotFound {
			err = h.dockerRemove(ctx, req.Msg.GetNetwork())
		}
		return &apiv1.HostServiceRemoveNetworkResponse{}, err
	})
}

// Connect implements the service.
func (h *Host) Connect(ctx context.Context, req *connect.Request[apiv1.HostServiceConnectRequest]) (*connect.Response[apiv1.HostServiceConnectResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceConnectResponse, error) {
		return &apiv1.HostServiceConnectResponse{}, h.connect(ctx, req.Msg)
	})
}

// Disconnect implements the service.
func (h *Host) Disconnect(ctx context.Context, req *connect.Request[apiv1.HostServiceDisconnectRequest]) (*connect.Response[apiv1.HostServiceDisconnectResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceDisconnectResponse, error) {
		return &apiv1.HostServiceDisconnectResponse{}, h.disconnect(ctx, req.Msg)
	})
}

// CreateSandbox implements the service.
func (h *Host) CreateSandbox(ctx context.Context, req *connect.Request[apiv1.HostServiceCreateSandboxRequest]) (*connect.Response[apiv1.HostServiceCreateSandboxResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceCreateSandboxResponse, error) {
		s, err := h.createSandbox(ctx, req.Msg)
		if err != nil {
			return nil, err
		}
		return &apiv1.HostServiceCreateSandboxResponse{Sandbox: h.sandboxMessage(s)}, nil
	})
}

// ListSandboxes implements the service.
func (h *Host) ListSandboxes(ctx context.Context, req *connect.Request[apiv1.HostServiceListSandboxesRequest]) (*connect.Response[apiv1.HostServiceListSandboxesResponse], error) {
	return reply(ctx, func(context.Context) (*apiv1.HostServiceListSandboxesResponse, error) {
		all, err := h.sandboxes(req.Msg.GetSandbox())
		if err != nil {
			return nil, err
		}
		out := &apiv1.HostServiceListSandboxesResponse{}
		for _, s := range all {
			out.Sandboxes = append(out.Sandboxes, h.sandboxMessage(s))
		}
		return out, nil
	})
}

// RemoveSandbox implements the service.
func (h *Host) RemoveSandbox(ctx context.Context, req *connect.Request[apiv1.HostServiceRemoveSandboxRequest]) (*connect.Response[apiv1.HostServiceRemoveSandboxResponse], error) {
	return reply(ctx, func(ctx context.Context) (*apiv1.HostServiceRemoveSandboxResponse, error) {
		return &apiv1.HostServiceRemoveSandboxResponse{}, h.removeSandbox(ctx, req.Msg.GetSandbox(), req.Msg.GetForce())
	})
}
