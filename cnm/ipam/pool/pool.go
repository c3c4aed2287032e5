// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Fabric gives addresses that are unique on all hosts.
type Fabric interface {
	// Reserve leases an address of the network to this chassis: the one that
	// is wanted or any, of IPv4 when that is zero, of IPv6 when it is ::. Codes: Exists when it is taken,
	// with who has it; Exhausted; Unavailable while the controller is away.
	Reserve(ctx context.Context, network linkspan.NetworkID, want netip.Addr, container string) (netip.Addr, error)
	// Release frees an address; one that is free already is no error.
	Release(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error
}

// Base is a range that is cut into pools for requests without a subnet.
type Base struct {
	Prefix netip.Prefix
	Bits   int // length of the pools
}

// Quarantine is how long a released address is given to nobody who does not
// ask for it while another one is free: neighbours remember it for so long.
const Quarantine = time.Minute

// Options is what an [IPAM] is made of.
type Options struct {
	// Fabric gives the addresses of containers; nil: they are unique on this
	// host only, and the IPAM gives them itself.
	Fabric Fabric
	// Bases are used in their order; nil: /24 of 10.208.0.0/12 and /64 of a unique
	// local prefix of this host (RFC 4193).
	Bases []Base
	// Avoid returns subnets that no chosen pool may overlap with, as those the
	// host has routes to; nil: none.
	Avoid func(context.Context) ([]netip.Prefix, error)
	// Quarantine of released addresses; 0: [Quarantine]. A restart forgets
	// which ones were released.
	Quarantine time.Duration
	// NewID makes a pool id that was never used before; nil: a random one.
	NewID func() string
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// IPAM implements [cnm.IPAM].
type IPAM struct {
	options Options
	local   local
}

var (
	_ cnm.IPAM          = (*IPAM)(nil)
	_ cnm.Binder        = (*IPAM)(nil)
	_ cnm.Reclaimer     = (*IPAM)(nil)
	_ cnm.LeaseRestorer = (*IPAM)(nil)
)

// New returns an IPAM.
func New(options Options) *IPAM {
	if options.Bases == nil {
		options.Bases = []Base{{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 208, 0, 0}), 12), 24}, {uniqueLocal(machine()), 64}}
	}
	if options.NewID == nil {
		options.NewID = func() string { return "pool-" + rand.Text() }
	}
	if options.Quarantine == 0 {
		options.Quarantine = Quarantine
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &IPAM{options: options, local: local{quarantine: options.Quarantine, now: options.Now}}
}

// NeedsFabric says whether a container's address is one of the fabric's.
func (i *IPAM) NeedsFabric() bool { return i.options.Fabric != nil }

// Restore learns the addresses that are leased on this host.
func (i *IPAM) Restore(_ []cnm.Pool, leases []cnm.Lease) error {
	if i.NeedsFabric() {
		return nil
	}
	for _, l := range leases {
		i.local.restore(l.Pool, l.Address.Addr())
	}
	return nil
}

// RequestPool returns a new pool of the subnet, or of a free one. Without a
// fabric the subnet must not overlap with that of another pool of this host.
func (i *IPAM) RequestPool(ctx context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	if err := i.check(req); err != nil {
		return cnm.Pool{}, err
	}
	subnet := req.Subnet
	if !subnet.IsValid() {
		free, err := i.freeSubnet(ctx, req)
		if err != nil {
			return cnm.Pool{}, err
		}
		subnet = free
	}
	if err := i.checkOverlap(subnet, req.Taken); err != nil {
		return cnm.Pool{}, err
	}
	n := linkspan.Network{Name: "pool", Subnet: subnet, Range: req.Range}
	n.ApplyDefaults()
	if err := validate(n); err != nil {
		return cnm.Pool{}, err
	}
	return cnm.Pool{ID: i.options.NewID(), Subnet: n.Subnet, Range: n.Range}, nil
}

// validate adds IPv6 to what the fabric's networks can have.
func validate(n linkspan.Network) error {
	s := n.Subnet
	switch {
	case s.Addr().Is4():
		return n.Validate()
	case s.Bits() < 8 || s.Bits() > 126:
		return invalid(fmt.Sprintf("subnet %s is not between /8 and /126", s))
	case s.Addr().IsLoopback(), s.Addr().IsMulticast(), s.Addr().IsUnspecified(), s.Addr().IsLinkLocalUnicast(), s.Addr().Is4In6():
		return invalid(fmt.Sprintf("subnet %s is loopback, multicast, link-local or unspecified", s))
	case n.Range.IsValid() && (n.Range.Bits() < s.Bits() || !s.Contains(n.Range.Addr())):
		return invalid(fmt.Sprintf("range %s is not inside %s", n.Range, s))
	}
	return nil
}

// ReleasePool forgets the addresses of a pool; the record is the controller's.
func (i *IPAM) ReleasePool(_ context.Context, p cnm.Pool) error {
	i.local.drop(p.ID)
	return nil
}
