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
	SandboxKey string    // path of a namespace, or the Key of one of NewSandbox
	PortMaps   []PortMap // known to Docker here, whether or not they are wanted of us
}

// Join puts an endpoint into a sandbox. Joining the same sandbox again gives
// the same answer. Into a sandbox of NewSandbox it moves the interface, sets it
// up and publishes the ports; elsewhere the caller does so. The error has code
// InUse when the endpoint is in another.
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
	return attachment, c.confirmJoin(ctx, driver, n, e)
}

// confirmJoin settles the endpoint in its sandbox and stores it, or takes
// everything back.
func (c *Controller) confirmJoin(ctx context.Context, driver Driver, n Network, e Endpoint) error {
	var undo Undo
	undo.Add(func(ctx context.Context) error { return driver.Leave(ctx, n, e) })
	settled, own, err := c.settle(ctx, e)
	if err != nil {
		return undo.Run(ctx, err)
	}
	undo.Add(func(ctx context.Context) error { return c.unsettle(ctx, settled) })
	if err := c.ledger.commit(ctx, putEndpoint(settled)); err != nil {
		return undo.Run(ctx, err)
	}
	if !own {
		return nil
	}
	err = c.publish(ctx, n, e.ID, e.PortMaps)
	if err == nil {
		err = c.elect(ctx, e.SandboxKey)
	}
	if err == nil {
		return nil
	}
	undo.Add(func(ctx context.Context) error { return c.finishLeave(ctx, settled) })
	return undo.Run(ctx, err)
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
