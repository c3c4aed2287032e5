// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"crypto/rand"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Fabric gives addresses that are unique on all hosts.
type Fabric interface {
	// Reserve leases an address of the network to this chassis: the one that
	// is wanted or, when that is zero, any. Codes: Exists when it is taken,
	// with who has it; Exhausted; Unavailable while the controller is away.
	Reserve(ctx context.Context, network linkspan.NetworkID, want netip.Addr, container string) (netip.Addr, error)
	// Release frees an address; one that is free already is no error.
	Release(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error
}

// Options is what an [IPAM] is made of.
type Options struct {
	Fabric Fabric
	// Default is cut into /24 pools for requests without a subnet; zero:
	// 10.208.0.0/12.
	Default netip.Prefix
	// NewID makes a pool id that was never used before; nil: a random one.
	NewID func() string
}

// IPAM implements [cnm.IPAM].
type IPAM struct{ options Options }

var (
	_ cnm.IPAM      = (*IPAM)(nil)
	_ cnm.Binder    = (*IPAM)(nil)
	_ cnm.Reclaimer = (*IPAM)(nil)
)

// New returns an IPAM on the fabric.
func New(options Options) *IPAM {
	if !options.Default.IsValid() {
		options.Default = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 208, 0, 0}), 12)
	}
	if options.NewID == nil {
		options.NewID = func() string { return "pool-" + rand.Text() }
	}
	return &IPAM{options: options}
}

// NeedsFabric is true: a container's address is one of the fabric's.
func (*IPAM) NeedsFabric() bool { return true }

// RequestPool returns a new pool of the subnet, or of a free one.
func (i *IPAM) RequestPool(_ context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	if err := i.check(req); err != nil {
		return cnm.Pool{}, err
	}
	subnet := req.Subnet
	if !subnet.IsValid() {
		free, err := i.freeSubnet(req.Taken)
		if err != nil {
			return cnm.Pool{}, err
		}
		subnet = free
	}
	n := linkspan.Network{Name: "pool", Subnet: subnet, Range: req.Range}
	n.ApplyDefaults()
	if err := n.Validate(); err != nil {
		return cnm.Pool{}, err
	}
	return cnm.Pool{ID: i.options.NewID(), Subnet: n.Subnet, Range: n.Range}, nil
}

// ReleasePool has nothing to do: the record was all there is of a pool.
func (*IPAM) ReleasePool(context.Context, cnm.Pool) error { return nil }
