// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// A bucket passes what has gathered in it at once, and keeps what waits for so
// long: parts of a second's worth of the rate, at least as many bytes. The burst
// holds some frames, and from some 55 mbit a whole segment of the largest size, so
// that it need not be cut: 64 KiB and the headers of each frame that it becomes,
// which the bucket counts. With an MTU smaller than 1450 it is more.
const (
	burstPart, leastBurst = 100, 4 << 10
	queuePart, leastQueue = 20, 16 << 10
)

// frameHeader is what a frame has beside its payload: addresses, type, two tags.
const frameHeader = 22

// bucket returns the bucket that stands at a link, for a rate.
func bucket(link netlink.Link, rate linkspan.Rate) *netlink.Tbf {
	bytes := uint64(rate) / 8
	burst := max(bytes/burstPart, leastBurst, uint64(link.Attrs().MTU+frameHeader))
	return &netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT,
		},
		Rate:   bytes,
		Limit:  uint32(max(bytes/queuePart, leastQueue, burst)),
		Buffer: netlink.Xmittime(bytes, uint32(burst)),
	}
}

// setBucket gives a link the bucket of a rate, or takes away what it has.
func setBucket(link netlink.Link, rate linkspan.Rate) error {
	if rate == 0 {
		return dropBucket(link)
	}
	err := netlink.QdiscReplace(bucket(link, rate))
	if errors.Is(err, unix.EINVAL) { // somebody's queue of another kind has the handle
		if err = dropBucket(link); err == nil {
			err = netlink.QdiscReplace(bucket(link, rate))
		}
	}
	if err != nil {
		return fmt.Errorf("token bucket at %s: %w", link.Attrs().Name, err)
	}
	return nil
}

// dropBucket leaves the link the queue that the kernel gives it.
func dropBucket(link netlink.Link) error {
	err := netlink.QdiscDel(&netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: netlink.HANDLE_ROOT}})
	if err == nil || errors.Is(err, unix.ENOENT) { // it has that
		return nil
	}
	return fmt.Errorf("remove token bucket at %s: %w", link.Attrs().Name, err)
}
