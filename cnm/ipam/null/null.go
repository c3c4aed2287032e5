// SPDX-License-Identifier: Apache-2.0

// Package null is an IPAM that gives no addresses: those of its networks come
// from elsewhere, as from a DHCP server, or there are none.
//
// What it is not: it does not choose a network driver that has no addresses.
//
//	ipams := map[string]cnm.IPAM{"null": null.New()}
package null

import (
	"context"
	"crypto/rand"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// IPAM implements [cnm.IPAM].
type IPAM struct{}

var _ cnm.IPAM = (*IPAM)(nil)

// New returns the IPAM.
func New() *IPAM { return new(IPAM) }

// RequestPool returns a pool of all addresses there are, 0.0.0.0/0. Anything
// that is asked for is refused with code Invalid.
func (*IPAM) RequestPool(_ context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	switch {
	case req.Subnet.IsValid(), req.Range.IsValid():
		return cnm.Pool{}, invalid("the null ipam driver has no subnets and ranges", "leave out --subnet, or --ipam-driver null")
	case req.IPv6:
		return cnm.Pool{}, invalid("the null ipam driver does not handle IPv6 pools", "leave out --ipv6")
	case len(req.Options) > 0:
		return cnm.Pool{}, invalid("the null ipam driver has no options", "leave out --ipam-opt")
	}
	return cnm.Pool{ID: "null-" + rand.Text(), Subnet: netip.PrefixFrom(netip.IPv4Unspecified(), 0)}, nil
}

// ReleasePool has nothing to do.
func (*IPAM) ReleasePool(context.Context, cnm.Pool) error { return nil }

// RequestAddress returns none, and refuses to give one that is asked for.
func (*IPAM) RequestAddress(_ context.Context, req cnm.AddressRequest) (netip.Prefix, error) {
	if req.Want.IsValid() {
		return netip.Prefix{}, invalid("the null ipam driver gives no address such as "+req.Want.String(), "leave it out")
	}
	return netip.Prefix{}, nil
}

// ReleaseAddress has nothing to do.
func (*IPAM) ReleaseAddress(context.Context, cnm.Lease) error { return nil }

func invalid(message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message, Hint: hint}
}
