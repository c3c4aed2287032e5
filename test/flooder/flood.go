// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// datagrams sends to what to says, until the end.
func datagrams(to func(i uint32) netip.AddrPort, end time.Time) error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := 0
	for i := uint32(0); i%64 != 0 || time.Now().Before(end); i++ {
		// A full queue is what a flood is about.
		if _, err := conn.WriteToUDPAddrPort([]byte("flood"), to(i)); err == nil {
			sent++
		}
	}
	fmt.Println("sent", sent)
	return nil
}

// questions asks for the addresses of a subnet by ARP (RFC 826), as the
// interface's own.
func questions(name string, subnet netip.Prefix, end time.Time) error {
	return frames(name, func(mac net.HardwareAddr, own netip.Addr, i uint32) []byte {
		return question(mac, own, member(subnet, i))
	}, end)
}

// strangers sends IPv4 that says it comes from other addresses of a subnet.
func strangers(name string, subnet netip.Prefix, end time.Time) error {
	return frames(name, func(mac net.HardwareAddr, own netip.Addr, i uint32) []byte {
		return stranger(mac, member(subnet, i), own)
	}, end)
}

// frames sends what of makes of the interface's own addresses and a number.
func frames(name string, of func(net.HardwareAddr, netip.Addr, uint32) []byte, end time.Time) error {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	own, err := ownAddress(nic)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	sent := 0
	for i := uint32(0); i%64 != 0 || time.Now().Before(end); i++ {
		frame := of(nic.HardwareAddr, own, i)
		if unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: nic.Index}) == nil {
			sent++
		}
	}
	fmt.Println("sent", sent)
	return nil
}

func ownAddress(nic *net.Interface) (netip.Addr, error) {
	list, err := nic.Addrs()
	for _, a := range list {
		if p, bad := netip.ParsePrefix(a.String()); bad == nil && p.Addr().Is4() {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, errors.Join(err, fmt.Errorf("%s has no IPv4 address", nic.Name))
}

func question(mac net.HardwareAddr, own, target netip.Addr) []byte {
	f := make([]byte, 0, 42)
	f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	f = append(append(f, mac...), 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1)
	f = append(append(f, mac...), own.AsSlice()...)
	return append(append(f, 0, 0, 0, 0, 0, 0), target.AsSlice()...)
}

// stranger is a header of IPv4 and nothing more, as if it held UDP.
func stranger(mac net.HardwareAddr, from, to netip.Addr) []byte {
	f := make([]byte, 0, 60)
	f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	f = append(append(f, mac...), 0x08, 0x00, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0)
	f = append(append(f, from.AsSlice()...), to.AsSlice()...)
	return f[:60] // the least that Ethernet sends
}
