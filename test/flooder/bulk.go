// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// payload is what a datagram of large and raw holds, in bytes: it fits a frame
// by every transport.
const payload = 1300

func large(to string, end time.Time) error {
	conn, err := net.Dial("udp4", to)
	if err != nil {
		return err
	}
	defer conn.Close()
	for chunk := make([]byte, payload); time.Now().Before(end); {
		_, _ = conn.Write(chunk) // refused, or no room: what a flood is about
	}
	return nil
}

// raw sends frames of UDP from the interface's own address, past its stack and
// its queues (packet(7), PACKET_QDISC_BYPASS).
func raw(name string, to netip.Addr, end time.Time) error {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	own, err := ownAddress(nic)
	if err != nil {
		return err
	}
	next, err := neighbour(to)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
		return fmt.Errorf("past the queues: %w", err)
	}
	for frame := datagram(nic.HardwareAddr, next, own, to); time.Now().Before(end); {
		_ = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: nic.Index})
	}
	return nil
}

// neighbour returns the hardware address that an address of the subnet is behind,
// which must have been talked to before.
func neighbour(to netip.Addr) (net.HardwareAddr, error) {
	table, err := os.ReadFile("/proc/net/arp")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == to.String() {
			return net.ParseMAC(f[3])
		}
	}
	return nil, fmt.Errorf("%s is no neighbour yet", to)
}

// datagram is a frame of UDP (RFC 768) without a checksum.
func datagram(from, next net.HardwareAddr, own, to netip.Addr) []byte {
	f := append(append([]byte{}, next...), from...)
	f = append(f, 0x08, 0x00, 0x45, 0)
	f = binary.BigEndian.AppendUint16(f, 20+8+payload)
	f = append(f, 0, 0, 0x40, 0, 64, 17, 0, 0)
	f = append(append(f, own.AsSlice()...), to.AsSlice()...)
	binary.BigEndian.PutUint16(f[24:], checksum(f[14:34]))
	f = append(f, 0, 9, 0, 9)
	f = binary.BigEndian.AppendUint16(f, 8+payload)
	return append(f, make([]byte, 2+payload)...)
}

// checksum is that of a header of IPv4 (RFC 1071).
func checksum(header []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

func streams(to string, end time.Time) error {
	const connections = 4
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = stream(to, end) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func stream(to string, end time.Time) error {
	conn, err := net.DialTimeout("tcp4", to, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(end); err != nil {
		return err
	}
	for chunk := make([]byte, 64<<10); ; {
		if _, err := conn.Write(chunk); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// sink reads what comes by TCP and UDP.
func sink(at string, end time.Time) error {
	packets, err := net.ListenPacket("udp4", at)
	if err != nil {
		return err
	}
	defer packets.Close()
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return err
	}
	defer l.Close()
	go func() {
		for buffer := make([]byte, 64<<10); ; {
			if _, _, err := packets.ReadFrom(buffer); err != nil {
				return
			}
		}
	}()
	time.AfterFunc(time.Until(end), func() { l.Close() })
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}()
	}
}
