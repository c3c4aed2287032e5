// SPDX-License-Identifier: Apache-2.0

package ether

import (
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// filter lets frames of one Ethernet type through and nothing else: the first line reads the
// type, the second goes on to the last but one when it is that.
func filter(etherType uint16) []unix.SockFilter {
	const whole = 1 << 16
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 12},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(etherType), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: whole},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
}

// Open returns a packet socket on the device that hears frames of one Ethernet type only. It takes
// all protocols and filters: on the kernel's datapath a socket for one protocol
// would come after the bridge and hear nothing. Frames that go out are not
// copied for it. A read fails when the device goes down or away. Errors: what the kernel says.
func Open(device string, etherType uint16) (*os.File, error) {
	link, err := netlink.LinkByName(device)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", device, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", err)
	}
	if err := bind(fd, etherType, link.Attrs().Index); err != nil {
		_ = unix.Close(fd) // the error that counts is the one before
		return nil, fmt.Errorf("packet socket on %s: %w", device, err)
	}
	f := os.NewFile(uintptr(fd), "packet socket on "+device)
	if f == nil {
		return nil, &linkspan.Error{Code: linkspan.Internal, Message: "packet socket has no descriptor"}
	}
	return f, nil
}

// bind filters first, so that nothing else is ever heard.
func bind(fd int, etherType uint16, index int) error {
	rules := filter(etherType)
	program := unix.SockFprog{Len: uint16(len(rules)), Filter: &rules[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return err
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // network byte order
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index})
}
