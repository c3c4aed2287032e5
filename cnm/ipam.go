// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// IPAM hands out pools and addresses. The controller keeps the records; an
// IPAM need not store anything itself. Its methods run concurrently, and each
// release may be repeated.
type IPAM interface {
	// RequestPool returns a new pool with ID, Subnet and Range.
	RequestPool(ctx context.Context, req PoolRequest) (Pool, error)
	// ReleasePool frees a pool.
	ReleasePool(ctx context.Context, p Pool) error
	// RequestAddress returns an address with the length of the subnet. While
	// a part that it needs is away it waits, as long as ctx lets it.
	RequestAddress(ctx context.Context, req AddressRequest) (netip.Prefix, error)
	// ReleaseAddress frees the address of a lease. It does not wait.
	ReleaseAddress(ctx context.Context, l Lease) error
}

// Binder is an [IPAM] whose container addresses are those of a network of the
// fabric: a request waits until the network is bound.
type Binder interface {
	NeedsFabric() bool
}

// LeaseRestorer is an [IPAM] that keeps state in memory. Restore is called
// once, before any other method, with all pools and leases of the IPAM's, those
// marked for removal included.
type LeaseRestorer interface {
	Restore(pools []Pool, leases []Lease) error
}

// Reclaimer is an [IPAM] that can free an address of which no lease is left on
// this host.
type Reclaimer interface {
	Reclaim(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error
}
