// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Create makes a veth as netns.CreateVeth does, with the limits between its two
// ends: v.Host and v.Peer are to be used as without. What had one of the names
// before is deleted. On an error nothing is left. It has code Unavailable where
// the kernel lacks what is needed.
func Create(ctx context.Context, v netns.Veth, l linkspan.Limits) error {
	if err := errors.Join(v.Validate(), l.Validate()); err != nil {
		return err
	}
	if err := build(ctx, v, l); err != nil {
		return errors.Join(fmt.Errorf("limit %s to %s: %w", v.Host, l, err),
			Delete(context.WithoutCancel(ctx), v.Host))
	}
	return nil
}

func build(ctx context.Context, v netns.Veth, l linkspan.Limits) error {
	for _, do := range steps(ctx, v, l) {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// steps are what build does, in an order in which the container's end is there
// last: without the port and its other end it is one whose port somebody took.
func steps(ctx context.Context, v netns.Veth, l linkspan.Limits) []func() error {
	var inner, mid netlink.Link
	near := v
	near.Host = Inner(v.Host)
	return []func() error{
		func() (err error) { mid, err = outer(ctx, v); return err },
		func() error { return netns.CreateVeth(ctx, near) },
		func() (err error) { inner, err = named(near.Host); return err },
		func() error { return halves(inner, mid, l)[0].set() },
		func() error { return halves(inner, mid, l)[1].set() },
		func() error {
			if err := netlink.LinkSetUp(mid); err != nil {
				return fmt.Errorf("set %s up: %w", mid.Attrs().Name, err)
			}
			return nil
		},
	}
}

// outer makes the port and its other end, and returns that, which is down.
func outer(ctx context.Context, v netns.Veth) (netlink.Link, error) {
	v.Peer, v.MAC, v.Offload = middle(v.Host), linkspan.MAC{}, netns.OffloadAll
	if err := netns.CreateVeth(ctx, v); err != nil {
		return nil, err
	}
	if err := netns.Silence(v.Peer); err != nil {
		return nil, err
	}
	return named(v.Peer)
}

func named(name string) (netlink.Link, error) {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	return link, nil
}

// half is one direction: what comes in by one link leaves by the other.
type half struct {
	from, to netlink.Link
	rate     linkspan.Rate
}

// halves are what the container sends, and what it receives.
func halves(inner, mid netlink.Link, l linkspan.Limits) []half {
	return []half{{inner, mid, l.Egress}, {mid, inner, l.Ingress}}
}

func (h half) set() error {
	if err := setBucket(h.to, h.rate); err != nil {
		return supported(err)
	}
	return supported(redirect(h.from, h.to))
}

// Delete deletes what Create made; what is not there is fine. The port may be in
// another namespace, or gone: then the container's end goes. That is first: Mend
// would take one without a port for one whose port somebody took.
func Delete(ctx context.Context, port string) error {
	return errors.Join(netns.DeleteVeth(ctx, Inner(port)), netns.DeleteVeth(ctx, middle(port)), netns.DeleteVeth(ctx, port))
}
