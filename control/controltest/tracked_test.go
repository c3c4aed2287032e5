// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// classOf reads a class as people write it.
func classOf(text string) (decide.Class, error) {
	name, ports, _ := strings.Cut(text, "/")
	protocol, known := map[string]uint8{"any": 0, "icmp": 1, "tcp": 6, "udp": 17}[name]
	if !known {
		return decide.Class{}, fmt.Errorf("no class %q", text)
	}
	if ports == "" {
		return decide.ClassOf(protocol), nil
	}
	first, last, isRange := strings.Cut(ports, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	if err != nil || !isRange {
		return decide.BlockOf(protocol, uint16(from), 16), err
	}
	to, err := strconv.ParseUint(last, 10, 16)
	blocks := decide.Blocks(protocol, uint16(from), uint16(to))
	if err != nil || len(blocks) != 1 {
		return decide.Class{}, fmt.Errorf("%q is no aligned block", text)
	}
	return blocks[0], nil
}

func (s *stage) may(w []string) error {
	from, to := view.KeyOf(s.endpoints[w[0]]), view.KeyOf(s.endpoints[w[1]])
	var classes []decide.Class
	for _, text := range w[2:] {
		c, err := classOf(text)
		if err != nil {
			return err
		}
		classes = append(classes, c)
	}
	s.rules.Allow(from, to, classes...)
	for _, id := range s.hub.Revise(s.ctx, s.rules.Tell(s.hub, from, to)) {
		s.note(0, s.chassisName(id)+" is missing")
	}
	return nil
}

// sent sends a packet between two ports.
func (s *stage) sent(w []string, protocol, flags uint8, change func(*packet.Head)) error {
	src, err := strconv.ParseUint(w[2], 10, 16)
	if err != nil {
		return err
	}
	dst, err := strconv.ParseUint(w[3], 10, 16)
	from, to := view.KeyOf(s.endpoints[w[0]]), view.KeyOf(s.endpoints[w[1]])
	s.fabric.SendHead(from, to, controltest.Sent{Protocol: protocol, Src: uint16(src), Dst: uint16(dst), Flags: flags}, change)
	return err
}

func (s *stage) tcp(w []string) error {
	var flags uint8
	for i, letter := range "FSRPAU" {
		if strings.ContainsRune(w[4], letter) {
			flags |= 1 << i
		}
	}
	return s.sent(w, decide.ProtocolTCP, flags, func(*packet.Head) {})
}

func (s *stage) udp(w []string) error {
	return s.sent(w, decide.ProtocolUDP, 0, func(*packet.Head) {})
}

// fragments sends a datagram in two.
func (s *stage) fragments(w []string) error {
	const more, second = 0x2000, 1 // in units of 8 bytes
	from, to := s.endpoints[w[0]], s.endpoints[w[1]]
	src, _ := strconv.ParseUint(w[2], 10, 16)
	dst, err := strconv.ParseUint(w[3], 10, 16)
	h := packet.Head{EthSrc: from.MAC, EthDst: pipeline.RouterMAC(), Src: from.Address, Dst: to.Address, ID: 77}
	whole := packet.AppendUDP(nil, &h, uint16(src), uint16(dst), []byte("linkspan"))
	head, rest := whole[:42], slices.Concat(whole[:34], whole[42:])
	mark(head, more)
	mark(rest, second)
	for _, frame := range [][]byte{head, rest} {
		s.fabric.Switch(from.Chassis).Inject(from.Out(), frame)
		s.fabric.Settle()
	}
	return err
}

// mark makes a frame a fragment.
func mark(frame []byte, flags uint16) {
	binary.BigEndian.PutUint16(frame[16:], uint16(len(frame)-14))
	binary.BigEndian.PutUint16(frame[20:], flags)
	binary.BigEndian.PutUint16(frame[24:], 0)
	binary.BigEndian.PutUint16(frame[24:], packet.Checksum(frame[14:34]))
}

// refused has an endpoint tell another that it has nobody at a port: the error
// quotes what the other sent.
func (s *stage) refused(w []string) error {
	from, to := s.endpoints[w[0]], s.endpoints[w[1]]
	src, _ := strconv.ParseUint(w[2], 10, 16)
	dst, err := strconv.ParseUint(w[3], 10, 16)
	if err != nil {
		return err
	}
	head := packet.Head{EthSrc: pipeline.RouterMAC(), EthDst: from.MAC, Src: to.Address, Dst: from.Address}
	var about packet.Packet
	if err := packet.Parse(packet.AppendUDP(nil, &head, uint16(src), uint16(dst), []byte("linkspan")), &about); err != nil {
		return err
	}
	frame, err := packet.AppendUnreachable(nil, &about, packet.ErrorSource{MAC: from.MAC, Addr: from.Address}, packet.NoPort)
	if err != nil {
		return err
	}
	s.fabric.Switch(from.Chassis).Inject(from.Out(), frame)
	s.fabric.Settle()
	return nil
}

func (s *stage) known(w []string) error {
	id := s.chassis[w[0]]
	for _, c := range s.fabric.Switch(id).Connections() {
		s.note(id, "knows "+c)
	}
	return nil
}

func (s *stage) amnesia(w []string) error {
	s.fabric.Switch(s.chassis[w[0]]).ForgetConnections()
	return nil
}
