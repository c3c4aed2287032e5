// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// RequestAddress returns the gateway, an auxiliary address or, from the
// fabric, a container's.
func (i *IPAM) RequestAddress(ctx context.Context, req cnm.AddressRequest) (netip.Prefix, error) {
	var address netip.Addr
	var err error
	if req.Kind == cnm.ContainerAddress {
		address, err = i.lease(ctx, req)
	} else {
		address, err = own(req)
	}
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, req.Pool.Subnet.Bits()), nil
}

// own gives an address of the pool itself, also outside of its range: Docker
// asks for those, and an error would fail the network.
func own(req cnm.AddressRequest) (netip.Addr, error) {
	n := linkspan.Network{Subnet: req.Pool.Subnet}
	n.ApplyDefaults()
	address := req.Want
	if !address.IsValid() {
		if req.Kind == cnm.AuxiliaryAddress {
			return address, invalid("an auxiliary address must be given")
		}
		address = n.Gateway
	}
	if !n.IsHost(address) {
		return address, invalid(address.String() + " is not a host address of " + n.Subnet.String())
	}
	if req.Kind == cnm.AuxiliaryAddress && address == req.Pool.Gateway {
		return address, taken(address, "it is the gateway")
	}
	return address, nil
}

// lease reserves an address that is not one of the pool's own. The fabric does
// not know auxiliary addresses; one that it gives is held until another one
// was found, and given back.
func (i *IPAM) lease(ctx context.Context, req cnm.AddressRequest) (netip.Addr, error) {
	if err := checkWanted(req); err != nil {
		return netip.Addr{}, err
	}
	if !i.NeedsFabric() {
		return i.local.take(req.Pool, req.Want)
	}
	var rejects []netip.Addr
	for {
		address, err := i.reserve(ctx, req)
		if err == nil && !req.Want.IsValid() && isOwn(req.Pool, address) {
			rejects = append(rejects, address)
			continue
		}
		if err == nil && !req.Pool.Subnet.Contains(address) {
			rejects = append(rejects, address)
			err = &linkspan.Error{
				Code:    linkspan.Conflict,
				Message: "network " + req.Fabric.String() + " has another subnet than " + req.Pool.Subnet.String() + " elsewhere",
				Hint:    "remove the network and create it again",
			}
		}
		for _, reject := range rejects {
			err = errors.Join(err, i.Reclaim(context.WithoutCancel(ctx), req.Fabric, reject))
		}
		return address, err
	}
}

func checkWanted(req cnm.AddressRequest) error {
	n := linkspan.Network{Subnet: req.Pool.Subnet}
	switch {
	case !req.Want.IsValid():
		return nil
	case !n.IsHost(req.Want):
		return invalid(req.Want.String() + " is not a host address of " + n.Subnet.String())
	case req.Want == req.Pool.Gateway:
		return taken(req.Want, "it is the gateway")
	case slices.Contains(req.Pool.Reserved, req.Want):
		return taken(req.Want, "it is an auxiliary address of the network")
	}
	return nil
}

func isOwn(p cnm.Pool, address netip.Addr) bool {
	return address == p.Gateway || slices.Contains(p.Reserved, address)
}

// The pauses between attempts while the controller is away.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// reserve waits while the controller is away, as long as ctx lets it.
func (i *IPAM) reserve(ctx context.Context, req cnm.AddressRequest) (netip.Addr, error) {
	want := req.Want
	if !want.IsValid() && req.Pool.Subnet.Addr().Is6() {
		want = netip.IPv6Unspecified()
	}
	for pause := firstPause; ; pause = min(pause*2, lastPause) {
		address, err := i.options.Fabric.Reserve(ctx, req.Fabric, want, req.Container)
		if linkspan.CodeOf(err) != linkspan.Unavailable || err == nil {
			return address, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return address, err
		case <-timer.C:
		}
	}
}

// ReleaseAddress frees the address of a lease.
func (i *IPAM) ReleaseAddress(ctx context.Context, l cnm.Lease) error {
	if !i.NeedsFabric() {
		i.local.release(l.Pool, l.Address.Addr())
		return nil
	}
	return i.Reclaim(ctx, l.Fabric, l.Address.Addr())
}

// releaseLimit is how long a release may take: while the controller is away a
// container must not be held up for it, as the release is repeated later.
const releaseLimit = 2 * time.Second

// Reclaim frees an address in the fabric that no lease is left of.
func (i *IPAM) Reclaim(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error {
	if !i.NeedsFabric() {
		return nil // without a fabric nobody else knows an address
	}
	ctx, cancel := context.WithTimeout(ctx, releaseLimit)
	defer cancel()
	return i.options.Fabric.Release(ctx, network, address)
}

func invalid(message string) error { return &linkspan.Error{Code: linkspan.Invalid, Message: message} }

func taken(address netip.Addr, why string) error {
	return &linkspan.Error{Code: linkspan.Exists, Message: "address " + address.String() + " is taken: " + why}
}
