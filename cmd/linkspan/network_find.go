// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// foundNetwork is a network that a person named: of this host, or what to ask
// the fabric for.
type foundNetwork struct {
	here   *apiv1.HostNetwork
	fabric string
}

// findNetwork looks on this host first. What is not there is the fabric's, or
// nobody's, which the fabric then says.
func findNetwork(ctx context.Context, client *api.Client, req *apiv1.HostServiceGetNetworkRequest) (foundNetwork, error) {
	r, err := client.Host.GetNetwork(ctx, connect.NewRequest(req))
	switch {
	case err == nil && r.Msg.GetFabric() != 0:
		return foundNetwork{fabric: linkspan.NetworkID(r.Msg.GetFabric()).String()}, nil
	case err == nil:
		return foundNetwork{here: r.Msg.GetNetwork()}, nil
	}
	switch connect.CodeOf(err) {
	case connect.CodeNotFound, connect.CodeUnimplemented, connect.CodeUnavailable:
		return foundNetwork{fabric: req.GetNetwork()}, nil
	}
	return foundNetwork{}, err
}
