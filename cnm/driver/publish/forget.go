// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Forget ends the conversations that others opened with an address, and with opened
// those that it opened: their translation is gone, and datagrams of a peer that goes on
// would be sent to whoever has the address next. Kernels that do not tell
// conversations have none to end.
func Forget(address netip.Addr, opened bool) error {
	family := netlink.InetFamily(unix.AF_INET)
	if address.Is6() {
		family = unix.AF_INET6
	}
	ends := []netlink.ConntrackFilterType{netlink.ConntrackReplySrcIP}
	if opened {
		ends = append(ends, netlink.ConntrackOrigSrcIP)
	}
	var filters []netlink.CustomConntrackFilter
	for _, end := range ends {
		f := new(netlink.ConntrackFilter)
		if err := f.AddIP(end, address.AsSlice()); err != nil {
			return err
		}
		filters = append(filters, f)
	}
	_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, family, filters...)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}
