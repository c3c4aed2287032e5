// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// deviceOfHost returns why the host has no device of a name (netdevice(7)). It asks for one
// alone: there may be thousands.
func deviceOfHost(name string) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("device %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("device %s: %w", name, err)
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return fmt.Errorf("device %s: %w", name, err)
	}
	return nil
}
