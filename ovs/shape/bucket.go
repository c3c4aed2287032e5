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
// holds some frames, and from 53 mbit a whole segment of the largest size, so
// that it need not be cut.
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

// supported says what a kernel lacks that does not know a part of it.
func supported(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		return &linkspan.Error{
			Code: linkspan.Unavailable, Err: err,
			Message: "the kernel cannot limit bandwidth (CONFIG_NET_SCH_TBF, CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_U32, CONFIG_NET_ACT_MIRRED)",
			Hint:    "load the modules with: modprobe -a sch_tbf sch_ingress cls_u32 act_mirred; if there are none, install a kernel of the distribution, as Debian's linux-image-amd64",
		}
	}
	return err
}
