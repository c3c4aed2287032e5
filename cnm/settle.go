// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// settle moves the interface of a joining endpoint into its sandbox and sets it
// up there, if the sandbox is one of NewSandbox; own says so.
func (c *Controller) settle(ctx context.Context, e Endpoint) (settled Endpoint, own bool, err error) {
	if _, own = c.boxOf(e.SandboxKey); !own {
		return e, false, nil
	}
	unlock, err := c.locks.exclusive(ctx, sandboxLock(e.SandboxKey))
	if err != nil {
		return e, true, err
	}
	defer unlock()
	if _, own := c.boxOf(e.SandboxKey); !own {
		return e, true, notFound("sandbox", e.SandboxKey)
	}
	if e.Attachment.SrcName == "" {
		return e, true, nil
	}
	box, err := netns.Open(e.SandboxKey)
	if err != nil {
		return e, true, err
	}
	defer func() { _ = box.Close() }() // nothing was written through it that closing could lose
	e.Interface, err = box.Enter(netns.Interface{
		Link: e.Attachment.SrcName, Prefix: e.Attachment.DstPrefix, MAC: e.MAC,
		Addresses: e.Addresses(), Routes: routesOf(e),
	})
	return e, true, err
}

// routesOf returns the routes beside the default ones.
func routesOf(e Endpoint) []netns.Route {
	var routes []netns.Route
	for _, r := range e.Attachment.Routes {
		routes = append(routes, netns.Route{Destination: r.Destination, NextHop: r.NextHop})
	}
	return routes
}

// unsettle brings the interface back out of a sandbox of NewSandbox, for the
// driver to delete. A sandbox that is gone has taken it along.
func (c *Controller) unsettle(ctx context.Context, e Endpoint) error {
	if e.Interface == "" || e.Attachment == nil {
		return nil
	}
	unlock, err := c.locks.exclusive(ctx, sandboxLock(e.SandboxKey))
	if err != nil {
		return err
	}
	defer unlock()
	box, err := netns.Open(e.SandboxKey)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	return box.Expel(e.Interface, e.Attachment.SrcName)
}

// elect lets the default routes of a sandbox of NewSandbox go by the gateway of
// the endpoint that comes first: by priority, then by the network's name.
func (c *Controller) elect(ctx context.Context, key string) error {
	if _, own := c.boxOf(key); !own {
		return nil
	}
	unlock, err := c.locks.exclusive(ctx, sandboxLock(key))
	if err != nil {
		return err
	}
	defer unlock()
	endpoints := c.joinedByKey()[key]
	slices.SortStableFunc(endpoints, func(a, b Endpoint) int {
		return cmp.Or(-cmp.Compare(a.Priority, b.Priority), cmp.Compare(c.nameOf(a), c.nameOf(b)))
	})
	if len(endpoints) == 0 {
		return nil
	}
	box, err := netns.Open(key)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	for _, via := range []func(Attachment) netip.Addr{
		func(a Attachment) netip.Addr { return a.Gateway },
		func(a Attachment) netip.Addr { return a.Gateway6 },
	} {
		i := slices.IndexFunc(endpoints, func(e Endpoint) bool { return e.Interface != "" && via(*e.Attachment).IsValid() })
		if i < 0 {
			continue
		}
		if err := box.SetGateway(endpoints[i].Interface, via(*endpoints[i].Attachment)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Controller) nameOf(e Endpoint) string {
	n, _ := c.ledger.network(e.Network)
	return n.Name
}
