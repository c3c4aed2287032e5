// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

// Raise sets a link of this namespace up and says whether it was down. A link
// that is not there is no error: whoever makes it sets it up.
func Raise(name string) (was bool, err error) {
	link, err := netlink.LinkByName(name)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", name, err)
	}
	if link.Attrs().Flags&net.FlagUp != 0 {
		return false, nil
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return false, fmt.Errorf("set %s up: %w", name, err)
	}
	return true, nil
}
