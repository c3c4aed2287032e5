// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Of packet sockets, as the kernel tells of them (linux/packet_diag.h).
const (
	showInfo     = 0x1
	infoAttr     = 0
	infoSize     = 24 // struct packet_diag_info
	messageSize  = 16 // struct packet_diag_msg
	flagVnetHdr  = 0x8
	everyPackets = unix.ETH_P_ALL
)

// Probe says whether the userspace datapath reads the link in whole segments
// with their virtio header, which it does only with userspace TSO. It asks the
// kernel (sock_diag(7)) for the packet sockets that read everything of the link.
// Unknown comes back while there is none, as in the moment before ovs-vswitchd
// has opened its own.
func Probe(link string) (State, error) {
	l, err := netlink.LinkByName(link)
	if err != nil {
		return Unknown, fmt.Errorf("look up %s: %w", link, err)
	}
	request := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP)
	request.AddData(socketRequest{})
	messages, err := request.Execute(unix.NETLINK_SOCK_DIAG, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) {
		return Unknown, nil // a kernel without packet_diag
	}
	if err != nil {
		return Unknown, fmt.Errorf("list packet sockets: %w", err)
	}
	state, ours := Unknown, uint32(l.Attrs().Index)
	for _, m := range messages {
		index, flags, ok := decodeSocket(m)
		if ok && index == ours {
			state = max(state, stateOf(flags))
		}
	}
	return state, nil
}

func stateOf(flags uint32) State {
	if flags&flagVnetHdr != 0 {
		return On
	}
	return Off
}

// decodeSocket reads one answer; ok is false when it is of another kind of
// socket, or of none.
func decodeSocket(b []byte) (index, flags uint32, ok bool) {
	if len(b) < messageSize || binary.NativeEndian.Uint16(b[2:]) != everyPackets {
		return 0, 0, false
	}
	for b = b[messageSize:]; len(b) >= 4; {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return 0, 0, false
		}
		if kind == infoAttr && size >= 4+infoSize {
			return binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[24:]), true
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return 0, 0, false
}

// socketRequest asks for all packet sockets (struct packet_diag_req).
type socketRequest struct{}

var _ nl.NetlinkRequestData = socketRequest{}

func (socketRequest) Len() int { return 20 }

func (r socketRequest) Serialize() []byte {
	b := make([]byte, r.Len())
	b[0] = unix.AF_PACKET
	binary.NativeEndian.PutUint32(b[8:], showInfo)
	return b
}
