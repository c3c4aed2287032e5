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
	near, far := v, v
	near.Host = Inner(v.Host)
	far.Peer, far.MAC, far.Offload = middle(v.Host), linkspan.MAC{}, netns.OffloadAll
	for _, do := range []func() error{
		func() error { return netns.CreateVeth(ctx, near) },
		func() error { return netns.CreateVeth(ctx, far) },
		func() error { return netns.Silence(far.Peer) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	inner, err := netlink.LinkByName(near.Host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", near.Host, err)
	}
	mid, err := netlink.LinkByName(far.Peer)
	if err != nil {
		return fmt.Errorf("look up %s: %w", far.Peer, err)
	}
	for _, half := range halves(inner, mid, l) {
		if err := half.set(); err != nil {
			return err
		}
	}
	if err := netlink.LinkSetUp(mid); err != nil {
		return fmt.Errorf("set %s up: %w", far.Peer, err)
	}
	return nil
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
// another namespace, or gone: then the container's end goes.
func Delete(ctx context.Context, port string) error {
	return errors.Join(netns.DeleteVeth(ctx, Inner(port)), netns.DeleteVeth(ctx, middle(port)), netns.DeleteVeth(ctx, port))
}
