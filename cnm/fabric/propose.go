// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Propose brings a network made on this host into the fabric. It becomes a new
// one, or, when one of the same name and subnet exists, that one, which adopted
// tells. The network returned is the fabric's, and Networks has it. Code
// Exists or Conflict: the name stands for another subnet; Unavailable: ctx
// ended first, and proposing again is safe.
func (f *Fabric) Propose(ctx context.Context, n linkspan.Network) (out linkspan.Network, adopted bool, err error) {
	request := &apiv1.NetworkServiceCreateRequest{Network: api.NetworkToProto(&n), Adopt: true}
	op := "propose network " + n.Name
	unsure, err := f.call(ctx, op, func(ctx context.Context) error {
		response, err := f.cfg.Networks.Create(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		adopted = response.Msg.GetAdopted()
		out, err = api.NetworkFromProto(response.Msg.GetNetwork())
		return err
	})
	if err != nil {
		return linkspan.Network{}, false, err
	}
	// After an unanswered try it may be our own creation that was adopted.
	adopted = adopted && !unsure
	return out, adopted, f.awaitNetwork(ctx, op, out.ID)
}

// Remove removes a network from the fabric. Code NotFound: there is none; InUse:
// it has endpoints; Unavailable: ctx ended first.
func (f *Fabric) Remove(ctx context.Context, id linkspan.NetworkID) error {
	request := &apiv1.NetworkServiceRemoveRequest{Network: id.String()}
	_, err := f.call(ctx, "remove network "+id.String(), func(ctx context.Context) error {
		_, err := f.cfg.Networks.Remove(ctx, connect.NewRequest(request))
		return err
	})
	return err
}

// awaitNetwork returns once the stream has told of a network. Until then it is
// not ours to act on: it may have been removed again in the meantime.
func (f *Fabric) awaitNetwork(ctx context.Context, op string, id linkspan.NetworkID) error {
	changed, stop := f.Changed()
	defer stop()
	for {
		if _, ok := f.Network(id); ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return away(op, ctx.Err())
		case <-changed:
		}
	}
}
