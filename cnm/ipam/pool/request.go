// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// check refuses what a pool cannot be. No option is silently ignored.
func (*IPAM) check(req cnm.PoolRequest) error {
	if req.IPv6 || req.Subnet.IsValid() && !req.Subnet.Addr().Is4() {
		return &linkspan.Error{
			Code: linkspan.Invalid, Message: "IPv6 is not supported yet",
			Hint: "leave out --ipv6 and give IPv4 subnets only",
		}
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

// poolBits is the length of the pools that the default range is cut into.
const poolBits = 24

// freeSubnet returns the lowest /24 of the default range that overlaps with
// none of the taken ones. It walks the taken ones, not the range.
func (i *IPAM) freeSubnet(taken []netip.Prefix) (netip.Prefix, error) {
	taken = slices.Clone(taken)
	slices.SortFunc(taken, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	free := netip.PrefixFrom(i.options.Default.Masked().Addr(), max(poolBits, i.options.Default.Bits()))
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
	if !free.Addr().IsValid() || !i.options.Default.Contains(free.Addr()) {
		return netip.Prefix{}, &linkspan.Error{
			Code: linkspan.Exhausted, Message: "all subnets of " + i.options.Default.String() + " are in use",
			Hint: "give one, as in --subnet 10.7.0.0/24",
		}
	}
	return free, nil
}
