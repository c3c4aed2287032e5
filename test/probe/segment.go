// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/wire/packet"
)

// sendSegments puts TCP segments much larger than a frame on an interface, as a
// kernel leaves them to a card that cuts them (packet(7), PACKET_VNET_HDR). The
// lengths are those of the IP packets, in bytes.
func sendSegments(name, router, address string, lengths []string) error {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	head := packet.Head{TTL: 64}
	if err := addressed(&head, nic, router, address); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		return fmt.Errorf("virtio header: %w", err)
	}
	inNetworkOrder := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, packet.EtherTypeIPv4))
	to := &unix.SockaddrLinklayer{Ifindex: nic.Index, Protocol: inNetworkOrder}
	for _, text := range lengths {
		length, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		// struct virtio_net_hdr: needs a checksum; TCP over IPv4; 54 bytes of
		// headers, 1400 of payload each; the checksum is at 16 behind 34.
		frame := []byte{1, 1}
		for _, field := range []uint16{54, 1400, 34, 16} {
			frame = binary.NativeEndian.AppendUint16(frame, field)
		}
		frame = packet.AppendTCP(frame, &head, &packet.TCP{SrcPort: 1, DstPort: 2, Flags: packet.TCPAck}, make([]byte, length-40))
		if err := unix.Sendto(fd, frame, 0, to); err != nil {
			return fmt.Errorf("send segment: %w", err)
		}
	}
	return nil
}

// addressed fills in from whom to whom.
func addressed(head *packet.Head, nic *net.Interface, router, address string) error {
	mac, err := net.ParseMAC(router)
	if err != nil {
		return err
	}
	head.EthDst, head.EthSrc = packet.MAC(mac), packet.MAC(nic.HardwareAddr)
	if head.Dst, err = netip.ParseAddr(address); err != nil {
		return err
	}
	own, err := nic.Addrs()
	if err != nil || len(own) == 0 {
		return fmt.Errorf("%s has no address: %w", nic.Name, err)
	}
	prefix, err := netip.ParsePrefix(own[0].String())
	head.Src = prefix.Addr()
	return err
}
