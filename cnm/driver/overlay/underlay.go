// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"net/netip"

	"github.com/vishvananda/netlink"
)

// defaultMTU is Ethernet's (RFC 894).
const defaultMTU = 1500

// underlayMTU returns the MTU of the link that has the address, in bytes.
func underlayMTU(local netip.Addr) int {
	addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return defaultMTU
	}
	for _, a := range addresses {
		at, _ := netip.AddrFromSlice(a.IP)
		if at.Unmap() != local {
			continue
		}
		if link, err := netlink.LinkByIndex(a.LinkIndex); err == nil && link.Attrs().MTU > 0 {
			return min(link.Attrs().MTU, maxMTU)
		}
	}
	return defaultMTU
}

// maxMTU bounds that of links like the loopback, which is larger than a packet.
const maxMTU = 65535 - around6
