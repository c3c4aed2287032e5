// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// glance is how long DeleteLink waits between two looks. The kernel lets a look
// wait while it takes a link away, so that there are two or three.
const glance = 100 * time.Microsecond

// DeleteVeth deletes the link of that name, and with it its other end wherever
// that is. A link that is not there is fine.
func DeleteVeth(ctx context.Context, name string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	link, err := netlink.LinkByName(name)
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", name, err)
	}
	return DeleteLink(ctx, link)
}

// DeleteLink deletes a link of this namespace and returns as soon as it is gone
// from there, nobody can use it and its name is free. One that is not there is
// fine. The kernel's own call goes on for some 15 ms after that, until nobody
// on any processor can still be reading what it frees (rcu_barrier in
// netdev_run_todo), and can neither fail nor be taken back any more; it is left
// to end by itself. After an error, the end of ctx included, the link may be
// there or not.
func DeleteLink(ctx context.Context, link netlink.Link) error {
	name, index := link.Attrs().Name, link.Attrs().Index
	own, err := netlink.NewHandle(unix.NETLINK_ROUTE) // made here, as the thread may be in another namespace
	if err != nil {
		return fmt.Errorf("delete link %s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() {
		defer own.Close()
		ended <- own.LinkDel(link)
	}()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		if _, err := netlink.LinkByIndex(index); missing(err) {
			return nil
		}
		select {
		case err := <-ended:
			if err == nil || missing(err) {
				return nil
			}
			return fmt.Errorf("delete link %s: %w", name, err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
