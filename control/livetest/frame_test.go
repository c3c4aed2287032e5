// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/packet"
)

// discoveryFrame is a frame to the router with a message of ICMPv6, which has a hop limit
// of 255, perhaps behind a header of destination options (RFC 8200, 4.6).
func discoveryFrame(mac linkspan.MAC, from, to netip.Addr, message []byte, behind bool) []byte {
	const options, padN = 60, 1
	router, src, dst := pipeline.RouterMAC(), from.As16(), to.As16()
	frame := append(append([]byte{}, router[:]...), mac[:]...)
	frame = append(frame, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, packet.ProtoICMPv6, 255)
	frame = append(append(frame, src[:]...), dst[:]...)
	if behind {
		frame[20] = options
		frame = append(frame, packet.ProtoICMPv6, 0, padN, 4, 0, 0, 0, 0)
	}
	binary.BigEndian.PutUint16(message[2:], 0)
	binary.BigEndian.PutUint16(message[2:], packet.TransportChecksum(from, to, packet.ProtoICMPv6, message))
	frame = append(frame, message...)
	binary.BigEndian.PutUint16(frame[18:], uint16(len(frame)-54))
	return frame
}

// sendFrame sends a frame from a container's interface.
func sendFrame(t testing.TB, ns string, frame []byte) {
	t.Helper()
	inside(t, ns, func() {
		link, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Error(err)
			return
		}
		socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = unix.Close(socket) }()
		if err := unix.Sendto(socket, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index}); err != nil {
			t.Error(err)
		}
	})
}
