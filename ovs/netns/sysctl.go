// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Silence keeps the host's stack from speaking on a link of its own that is a
// port of the bridge: no IPv6 (router solicitations, MLD, a link-local address
// that Open vSwitch would take for a tunnel end) and no ARP answers for the
// host's addresses. A kernel without IPv6 is fine.
func Silence(link string) error {
	err := sysctl("ipv6", link, "disable_ipv6", "1")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return sysctl("ipv4", link, "arp_ignore", "8") // 8: never answer
}

func sysctl(family, link, key, value string) error {
	path := filepath.Join("/proc/sys/net", family, "conf", link, key)
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		return fmt.Errorf("sysctl net.%s.conf.%s.%s: %w", family, link, key, err)
	}
	return nil
}

// missing reports that the link named in a call is not, or no longer, there.
func missing(err error) bool {
	var gone netlink.LinkNotFoundError
	return errors.As(err, &gone) || errors.Is(err, unix.ENODEV)
}
