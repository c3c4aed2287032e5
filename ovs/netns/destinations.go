// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Destinations returns the prefixes that the process's namespace has routes to,
// default routes left out.
func Destinations(ctx context.Context) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		routes, err := Dump(ctx, func() ([]netlink.Route, error) { return netlink.RouteList(nil, family) })
		if err != nil {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		for _, r := range routes {
			if r.Dst == nil {
				continue
			}
			address, ok := netip.AddrFromSlice(r.Dst.IP)
			if bits, _ := r.Dst.Mask.Size(); ok && bits > 0 {
				all = append(all, netip.PrefixFrom(address.Unmap(), bits))
			}
		}
	}
	return all, nil
}
