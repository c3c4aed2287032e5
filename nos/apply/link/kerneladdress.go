// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	attribute "github.com/mdlayher/netlink"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// strictSocket returns a socket on which the kernel keeps to what a request asks for
// (NETLINK_GET_STRICT_CHK, Linux 4.20): else it sends the addresses of all devices
// whenever those of one are asked for, which with thousands takes seconds.
func strictSocket() (*nl.SocketHandle, error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	// A kernel that has it not sends more, and that is left out.
	if err := unix.SetsockoptInt(s.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1); err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		s.Close()
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	return &nl.SocketHandle{Socket: s}, nil
}

// addressesOf returns the addresses of one device.
func (k kernel) addressesOf(index int) ([]address, error) {
	r := nl.NewNetlinkRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: k.strict}
	ask := nl.NewIfAddrmsg(netlink.FAMILY_ALL)
	ask.Index = uint32(index) //nolint:gosec // the kernel's
	r.AddData(ask)
	messages, err := r.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, err
	}
	var all []address
	for _, m := range messages {
		if of, one, ok := addressIn(m); ok && of == index {
			all = append(all, one)
		}
	}
	return all, nil
}

// addressIn reads a message about an address (rtnetlink(7)).
func addressIn(m []byte) (index int, a address, ok bool) {
	if len(m) < unix.SizeofIfAddrmsg {
		return 0, a, false
	}
	prefix, index := int(m[1]), int(binary.NativeEndian.Uint32(m[4:]))
	attributes, err := attribute.NewAttributeDecoder(m[unix.SizeofIfAddrmsg:])
	if err != nil {
		return 0, a, false
	}
	var local, peer []byte
	flags := int(m[2])
	for attributes.Next() {
		switch attributes.Type() {
		case unix.IFA_LOCAL:
			local = attributes.Bytes()
		case unix.IFA_ADDRESS:
			peer = attributes.Bytes()
		case unix.IFA_FLAGS:
			flags = int(attributes.Uint32())
		}
	}
	if attributes.Err() != nil {
		return 0, a, false
	}
	bits := prefix
	switch {
	case local == nil:
		local = peer
	case peer != nil && string(local) != string(peer):
		bits = 8 * len(local) // the prefix is of the other end
	}
	a, ok = addressFrom(local, bits, flags)
	return index, a, ok
}

// addressFrom returns an address with its prefix; not ok for those of the link alone,
// which nobody configures.
func addressFrom(raw []byte, bits, flags int) (address, bool) {
	ip, ok := netip.AddrFromSlice(raw)
	ip = ip.Unmap()
	if !ok || ip.IsLinkLocalUnicast() && ip.Is6() {
		return address{}, false
	}
	return address{netip.PrefixFrom(ip, bits), flags&unix.IFA_F_PERMANENT == 0}, true
}
