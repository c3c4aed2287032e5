// SPDX-License-Identifier: Apache-2.0

package names

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// forget drops what connection tracking remembers of questions to Docker's
// resolver in a namespace. A translation is kept for up to two minutes after the
// last packet and holds for whatever comes from the same port, though the rule
// is another one by then, or the socket it leads to is gone.
func forget(namespace int) (err error) {
	handle, err := netlink.NewHandleAt(netns.NsHandle(namespace), unix.NETLINK_NETFILTER)
	if err != nil {
		return fmt.Errorf("connection tracking: %w", err)
	}
	defer handle.Close()
	var filters []netlink.CustomConntrackFilter // one look through the table for both
	for _, protocol := range []uint8{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
		filter := new(netlink.ConntrackFilter)
		err = errors.Join(err, filter.AddProtocol(protocol),
			filter.AddPort(netlink.ConntrackOrigDstPort, dockerResolver.Port()),
			filter.AddIP(netlink.ConntrackOrigDstIP, dockerResolver.Addr().AsSlice()))
		filters = append(filters, filter)
	}
	if err == nil {
		_, err = handle.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, filters...)
	}
	if err != nil {
		return fmt.Errorf("connection tracking: %w", err)
	}
	return nil
}
