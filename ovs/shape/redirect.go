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

// first is the handle that u32 gives the only filter at an entrance. Named, it is
// replaced in one step where it is there.
const first = 0x80000800

// redirect lets all that comes in by one link leave by the other, whatever was
// done with it before. A filter of ours that leads elsewhere is replaced in one
// step. Only where there is none, or somebody else's, frames pass the entrance
// without one for a moment, as they did before.
func redirect(from, to netlink.Link) error {
	if lead(from, to) == nil {
		if leads, err := redirects(from, to); err == nil && leads {
			return nil
		}
	}
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
	if err := lead(from, to); err != nil {
		return fmt.Errorf("redirect %s to %s: %w", from.Attrs().Name, to.Attrs().Name, err)
	}
	return nil
}

// lead sets the filter at an entrance that is there.
func lead(from, to netlink.Link) error {
	return netlink.FilterReplace(&netlink.U32{ // without a selector it takes every frame
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: from.Attrs().Index, Parent: entrance(from).Handle, Handle: first, Priority: 1, Protocol: unix.ETH_P_ALL,
		},
		Actions: []netlink.Action{netlink.NewMirredAction(to.Attrs().Index)},
	})
}

// redirects says whether redirect is in force, for all frames.
func redirects(from, to netlink.Link) (bool, error) {
	filters, err := netlink.FilterList(from, entrance(from).Handle)
	if err != nil {
		return false, fmt.Errorf("filters of %s: %w", from.Attrs().Name, err)
	}
	for _, f := range filters {
		u32, ok := f.(*netlink.U32)
		if !ok || !takesAll(u32) {
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

// takesAll says whether a filter asks nothing of a frame.
func takesAll(f *netlink.U32) bool {
	if f.Sel == nil { // a table of filters
		return false
	}
	for _, key := range f.Sel.Keys {
		if key.Mask != 0 {
			return false
		}
	}
	return f.Attrs().Protocol == unix.ETH_P_ALL
}
