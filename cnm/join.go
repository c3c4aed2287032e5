// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"slices"

	"github.com/linkspan/linkspan"
)

// JoinRequest is what an endpoint is joined with.
type JoinRequest struct {
	Network    string
	Endpoint   string
	SandboxKey string
	PortMaps   []PortMap // known to Docker here, whether or not they are wanted of us
}

// Join puts an endpoint into a sandbox. Joining the same sandbox again gives
// the same answer. The error has code InUse when the endpoint is in another.
func (c *Controller) Join(ctx context.Context, req JoinRequest) (Attachment, error) {
	attachment, err := c.join(ctx, req)
	if err != nil {
		return Attachment{}, fail("join endpoint", req.Endpoint, err)
	}
	return attachment, nil
}

func (c *Controller) join(ctx context.Context, req JoinRequest) (Attachment, error) {
	n, unlock, err := c.lockEndpoint(ctx, req.Network, req.Endpoint)
	if err != nil {
		return Attachment{}, err
	}
	defer unlock()
	e, err := c.endpointIn(req.Network, req.Endpoint)
	if err != nil {
		return Attachment{}, err
	}
	if e.State == Joined && e.Leaving == nil {
		return joinedBefore(e, req.SandboxKey)
	}
	driver, err := c.driver(n.Driver)
	if err != nil {
		return Attachment{}, err
	}
	e.SandboxKey, e.PortMaps = req.SandboxKey, slices.Clone(req.PortMaps)
	c.setLeft(e.ID, false)
	attachment, err := driver.Join(ctx, n, e)
	if err != nil {
		return Attachment{}, err
	}
	e.State, e.Attachment, e.Leaving = Joined, &attachment, nil
	if err := c.ledger.commit(ctx, putEndpoint(e)); err != nil {
		var undo Undo
		undo.Add(func(ctx context.Context) error { return driver.Leave(ctx, n, e) })
		return Attachment{}, undo.Run(ctx, err)
	}
	return attachment, nil
}

func joinedBefore(e Endpoint, sandbox string) (Attachment, error) {
	if e.SandboxKey != sandbox || e.Attachment == nil {
		return Attachment{}, &linkspan.Error{Code: linkspan.InUse, Message: "it is in sandbox " + e.SandboxKey}
	}
	return *e.Attachment, nil
}

// endpointIn returns the endpoint in use, if it is one of the network.
func (c *Controller) endpointIn(network, endpoint string) (Endpoint, error) {
	e, err := c.Endpoint(endpoint)
	if err != nil {
		return e, err
	}
	if e.Network != network {
		return Endpoint{}, notFound("endpoint", endpoint)
	}
	return e, nil
}
