// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Supported says what the kernel lacks for Create, with code Unavailable; nil:
// nothing. It tries all of it in a namespace of its own, which loads the modules
// that there are. It needs CAP_SYS_ADMIN.
func Supported() error {
	return netns.Scratch(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return fmt.Errorf("look up lo: %w", err)
		}
		return half{lo, lo, linkspan.Megabit}.set()
	})
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
