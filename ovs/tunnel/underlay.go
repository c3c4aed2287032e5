// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// UnderlayMTU returns the MTU, in bytes, of the link that has the address
// local. Errors: NotFound.
func UnderlayMTU(ctx context.Context, local netip.Addr) (int, error) {
	family := netlink.FAMILY_V6
	if local.Unmap().Is4() {
		family = netlink.FAMILY_V4
	}
	addrs, err := netns.Dump(ctx, func() ([]netlink.Addr, error) { return netlink.AddrList(nil, family) })
	if err != nil {
		return 0, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addrs {
		if address(a.IP) != local.Unmap() {
			continue
		}
		link, err := netlink.LinkByIndex(a.LinkIndex)
		if err != nil {
			return 0, fmt.Errorf("link of %s: %w", local, err)
		}
		return link.Attrs().MTU, nil
	}
	return 0, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no link has the underlay address %s", local),
		Hint: "give an address that `ip address` shows on this host"}
}

func address(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
