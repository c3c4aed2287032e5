// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"maps"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// check refuses what a pool cannot be. No option is silently ignored.
func (i *IPAM) check(req cnm.PoolRequest) error {
	if req.Subnet.IsValid() && req.IPv6 == req.Subnet.Addr().Is4() {
		return invalid("subnet " + req.Subnet.String() + " is of the other address family")
	}
	if req.Range.IsValid() && !req.Subnet.IsValid() {
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "a range needs a subnet", Hint: "give --subnet beside --ip-range",
		}
	}
	if unknown := slices.Sorted(maps.Keys(req.Options)); len(unknown) > 0 {
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "unknown ipam option " + unknown[0], Hint: "leave out --ipam-opt " + unknown[0],
		}
	}
	return nil
}

// checkOverlap refuses a subnet of which the host has a part already: without a
// fabric its kernel could not tell them apart.
func (i *IPAM) checkOverlap(subnet netip.Prefix, taken []netip.Prefix) error {
	if i.NeedsFabric() {
		return nil
	}
	for _, t := range taken {
		if t.Overlaps(subnet) {
			return &linkspan.Error{
				Code: linkspan.Conflict, Message: "subnet " + subnet.String() + " overlaps with " + t.String() + " of another network",
				Hint: "give another one with --subnet, or none",
			}
		}
	}
	return nil
}

// freeSubnet returns the first pool of the bases that overlaps with no other
// pool, and nothing to be avoided.
func (i *IPAM) freeSubnet(ctx context.Context, req cnm.PoolRequest) (netip.Prefix, error) {
	taken := slices.Clone(req.Taken)
	if i.options.Avoid != nil {
		avoid, err := i.options.Avoid(ctx)
		if err != nil {
			return netip.Prefix{}, err
		}
		taken = append(taken, avoid...)
	}
	slices.SortFunc(taken, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	for _, base := range i.options.Bases {
		if base.Prefix.Addr().Is6() != req.IPv6 {
			continue
		}
		if free, ok := base.free(taken); ok {
			return free, nil
		}
	}
	example := "10.7.0.0/24"
	if req.IPv6 {
		example = "fd00:7::/64"
	}
	return netip.Prefix{}, &linkspan.Error{
		Code: linkspan.Exhausted, Message: "all subnets that pools are taken from are in use",
		Hint: "give one, as in --subnet " + example,
	}
}

// free returns the lowest pool of the base that overlaps with none of the
// taken ones, which are sorted. It walks those, not the base.
func (b Base) free(taken []netip.Prefix) (netip.Prefix, bool) {
	free := netip.PrefixFrom(b.Prefix.Masked().Addr(), max(b.Bits, b.Prefix.Bits()))
	for _, t := range taken {
		if !t.Overlaps(free) {
			continue
		}
		past := t
		if t.Bits() > free.Bits() {
			past = free
		}
		free = netip.PrefixFrom(linkspan.LastAddr(past).Next(), free.Bits())
	}
	return free, free.Addr().IsValid() && b.Prefix.Contains(free.Addr())
}
