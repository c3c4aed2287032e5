// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/wire/packet"
)

func itoa(n uint16) string { return strconv.Itoa(int(n)) }

// watch sees what comes in, whoever it is for, and answers what no kernel does.
func (p *party) watch(nic string) error {
	return hear(nic, packet.EtherTypeIPv4, func(frame []byte) {
		var got packet.Packet
		_ = packet.Parse(frame, &got) // as far as it can be read
		if !got.IsIPv4() {
			return
		}
		body := transport(got.Network())
		if number, ok := rejected(&got, body); ok {
			p.say(number, "rejected")
			return
		}
		number, kind, ok := rowOf(got.Proto(), body)
		switch {
		case ok && kind == asks:
			p.say(number, "arrived")
			p.answer(&got, number, body)
		case ok && got.Proto() != packet.ProtoTCP && got.Proto() != packet.ProtoUDP:
			p.say(number, "answered")
		}
	})
}

// allFrames is the type of all (ETH_P_ALL).
const allFrames = 3

// hear calls got with each frame of a type that comes in at an interface, until it
// fails. The frame is got's for that time.
func hear(name string, etherType uint16, got func(frame []byte)) error {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	order := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, etherType))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(order))
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: nic.Index, Protocol: order}); err != nil {
		return fmt.Errorf("bind to %s: %w", name, err)
	}
	b := make([]byte, 1<<16)
	for {
		n, from, err := unix.Recvfrom(fd, b, 0)
		switch link, ok := from.(*unix.SockaddrLinklayer); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("packet socket: %w", err)
		case ok && link.Pkttype != unix.PACKET_OUTGOING:
			got(b[:n])
		}
	}
}

// transport returns what follows the header of an IPv4 packet.
func transport(ip []byte) []byte {
	if len(ip) < 20 {
		return nil
	}
	return ip[min(int(ip[0]&0xf)*4, len(ip)):]
}

// rowOf tells of which row a packet is, and whether it asks or answers.
func rowOf(protocol uint8, body []byte) (number uint16, kind byte, ok bool) {
	if len(body) < 8 {
		return 0, 0, false
	}
	switch protocol {
	case packet.ProtoTCP:
		opens := len(body) < 14 || body[13]&(packet.TCPSyn|packet.TCPAck) == packet.TCPSyn // an error may quote no flags
		return binary.BigEndian.Uint16(body) - firstPort, asks, opens
	case packet.ProtoUDP:
		return untoken(body[8:])
	case packet.ProtoICMP:
		kind, ok = map[byte]byte{8: asks, 13: asks, 0: answers, 14: answers}[body[0]]
		return binary.BigEndian.Uint16(body[4:]), kind, ok
	case packet.ProtoSCTP:
		return untoken(body[min(12, len(body)):])
	}
	return untoken(body)
}

// rejected tells of which row an error says that an administrator does not want it
// (RFC 1812, 5.2.7.1).
func rejected(p *packet.Packet, body []byte) (number uint16, ok bool) {
	const prohibited = 13
	if t, is := p.ICMPType(); !is || t != packet.ICMPDestUnreachable || p.ICMPCode() != prohibited || len(body) < 28 {
		return 0, false
	}
	quoted := body[8:]
	number, _, ok = rowOf(quoted[9], transport(quoted))
	return number, ok
}

// answer answers what neither the kernel nor a socket does.
func (p *party) answer(got *packet.Packet, number uint16, body []byte) {
	reply := token(number, answers)
	switch got.Proto() {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMP:
		return
	case packet.ProtoSCTP:
		back := append(append(append([]byte(nil), body[2:4]...), body[:2]...), body[4:12]...)
		reply = append(back, reply...)
	}
	c, err := p.socket(got.Proto())
	if err == nil {
		_, _ = c.WriteTo(reply, &net.IPAddr{IP: got.Src().AsSlice()}) // it is asked again
	}
}
