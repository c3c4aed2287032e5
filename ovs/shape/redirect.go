// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// entrance is where filters see what comes in by a link (tc(8), ingress).
func entrance(link netlink.Link) *netlink.Ingress {
	return &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_INGRESS,
	}}
}

// redirect lets all that comes in by one link leave by the other, whatever was
// done with it before.
func redirect(from, to netlink.Link) error {
	way := entrance(from)
	err := netlink.QdiscAdd(way)
	if errors.Is(err, unix.EEXIST) {
		if err = netlink.QdiscDel(way); err == nil {
			err = netlink.QdiscAdd(way)
		}
	}
	if err != nil {
		return fmt.Errorf("entrance of %s: %w", from.Attrs().Name, err)
	}
	all := &netlink.U32{ // without a selector it takes every frame
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: from.Attrs().Index, Parent: way.Handle, Priority: 1, Protocol: unix.ETH_P_ALL,
		},
		Actions: []netlink.Action{netlink.NewMirredAction(to.Attrs().Index)},
	}
	if err := netlink.FilterAdd(all); err != nil {
		return fmt.Errorf("redirect %s to %s: %w", from.Attrs().Name, to.Attrs().Name, err)
	}
	return nil
}

// redirects says whether redirect is in force.
func redirects(from, to netlink.Link) (bool, error) {
	filters, err := netlink.FilterList(from, entrance(from).Handle)
	if err != nil {
		return false, fmt.Errorf("filters of %s: %w", from.Attrs().Name, err)
	}
	for _, f := range filters {
		u32, ok := f.(*netlink.U32)
		if !ok {
			continue
		}
		for _, action := range u32.Actions {
			mirred, ok := action.(*netlink.MirredAction)
			if ok && mirred.MirredAction == netlink.TCA_EGRESS_REDIR && mirred.Ifindex == to.Attrs().Index {
				return true, nil
			}
		}
	}
	return false, nil
}
