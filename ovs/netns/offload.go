// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// feature is a pair of ethtool commands with one value (linux/ethtool.h).
type feature struct {
	name     string
	get, set uint32
}

// The order matters: without checksums the kernel drops TSO by itself.
func offloads() []feature {
	return []feature{
		{"tx-checksum", 0x16, 0x17},
		{"tso", 0x1e, 0x1f},
		{"gso", 0x23, 0x24},
	}
}

// disableOffload turns checksum and segmentation offload of a link off and
// reads back that they are. They stay off when the link changes its namespace.
func disableOffload(link string) error {
	return withSocket(func(fd int) error {
		for _, f := range offloads() {
			if _, err := ethtool(fd, link, f.set, 0); err != nil {
				return fmt.Errorf("turn %s of %s off: %w", f.name, link, err)
			}
		}
		on, err := enabled(fd, link)
		if err == nil && len(on) > 0 {
			err = fmt.Errorf("the kernel keeps %v of %s on", on, link)
		}
		return err
	})
}

// Offloads returns which of tx-checksum, tso and gso are on for a link.
func Offloads(link string) ([]string, error) {
	var on []string
	err := withSocket(func(fd int) (err error) {
		on, err = enabled(fd, link)
		return err
	})
	return on, err
}

func enabled(fd int, link string) ([]string, error) {
	var on []string
	for _, f := range offloads() {
		v, err := ethtool(fd, link, f.get, 0)
		if err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", f.name, link, err)
		}
		if v != 0 {
			on = append(on, f.name)
		}
	}
	return on, nil
}

// The commands for generic receive offload, by which the kernel joins received
// packets to larger ones.
const getReceive, setReceive = 0x2b, 0x2c

// ReceiveOffload says whether generic receive offload of a link is on.
func ReceiveOffload(link string) (on bool, err error) {
	err = withSocket(func(fd int) error {
		v, err := ethtool(fd, link, getReceive, 0)
		on = v != 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read receive offload of %s: %w", link, err)
	}
	return on, nil
}

// DisableReceiveOffload turns it off.
func DisableReceiveOffload(link string) error {
	err := withSocket(func(fd int) error {
		_, err := ethtool(fd, link, setReceive, 0)
		return err
	})
	if err != nil {
		return fmt.Errorf("turn receive offload of %s off: %w", link, err)
	}
	return nil
}

func withSocket(do func(fd int) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	return errors.Join(do(fd), unix.Close(fd))
}

// ethtool runs one SIOCETHTOOL with a struct ethtool_value. The ioctl is used
// because it is one call; the netlink form needs a name table first.
func ethtool(fd int, link string, command, value uint32) (uint32, error) {
	arg := struct{ command, value uint32 }{command, value}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of the union in struct ifreq
	}{data: unsafe.Pointer(&arg)}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return 0, errno
	}
	return arg.value, nil
}
