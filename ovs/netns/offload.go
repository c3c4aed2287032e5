// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/vishvananda/netlink"
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

// Offload is which work on packets a container's kernel leaves to its link, and
// so to the datapath behind it.
type Offload uint8

// The choices. A link keeps its own when it changes its namespace.
const (
	OffloadNone   Offload = iota // none: every packet is whole and as long as a frame
	OffloadStream                // checksums of TCP and UDP, segments of TCP: what userspace TSO knows
	OffloadAll                   // all that the kernel knows
)

// largestSegment is how long a segment for the datapath gets, in bytes, with its
// headers; the kernel cuts what is longer itself, also what a raw socket sends.
// Open vSwitch puts a whole segment into one OpenFlow message, whose length has
// 16 bits: longer ones overrun it, which ends the channel of the host.
const largestSegment, largestEver = 65000, 65536

// set brings the link to what o says and reads back that it is.
func (o Offload) set(link string) error {
	if err := o.limit(link); err != nil {
		return err
	}
	return withSocket(func(fd int) error {
		value := uint32(1)
		if o == OffloadNone {
			value = 0
		}
		for _, f := range offloads() {
			if _, err := ethtool(fd, link, f.set, value); err != nil {
				return fmt.Errorf("set %s of %s to %d: %w", f.name, link, value, err)
			}
		}
		on, err := enabled(fd, link)
		if err == nil && o == OffloadNone && len(on) > 0 {
			err = fmt.Errorf("the kernel keeps %v of %s on", on, link)
		}
		if err != nil || o == OffloadNone {
			return err
		}
		return setFeatures(fd, link, o == OffloadAll, "tx-udp-segmentation", "tx-checksum-sctp")
	})
}

func (o Offload) limit(link string) error {
	l, err := netlink.LinkByName(link)
	if err != nil {
		return fmt.Errorf("look up %s: %w", link, err)
	}
	size := largestSegment
	if o == OffloadAll {
		size = largestEver
	}
	if err := netlink.LinkSetGSOMaxSize(l, size); err != nil {
		return fmt.Errorf("limit segments of %s: %w", link, err)
	}
	return nil
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
	err := ethtoolAt(fd, link, unsafe.Pointer(&arg))
	return arg.value, err
}

// ethtoolAt runs one SIOCETHTOOL with what is at arg.
func ethtoolAt(fd int, link string, arg unsafe.Pointer) error {
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of the union in struct ifreq
	}{data: arg}
	copy(request.name[:unix.IFNAMSIZ-1], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}
