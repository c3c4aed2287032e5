// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// standIn is the address by which the host's stack knows an endpoint: the number of
// its port in a range that nobody but the host knows.
func standIn(e *linkspan.Endpoint) netip.Addr {
	if e.Address.Is6() {
		return netip.AddrFrom16([16]byte{0: 0xfd, 1: 0x6c, 14: byte(e.Port >> 8), 15: byte(e.Port)})
	}
	return netip.AddrFrom4([4]byte{100, 127, byte(e.Port >> 8), byte(e.Port)})
}

// leaves has an endpoint send a segment to somebody outside.
func (s *stage) leaves(w []string) error {
	from := s.endpoints[w[0]]
	h := packet.Head{EthSrc: from.MAC, EthDst: pipeline.RouterMAC(), Src: from.Address, Dst: s.address(w[1])}
	return s.segment(from.Chassis, from.Port, h, w[2:])
}

// enters has the host's stack bring a segment for an endpoint.
func (s *stage) enters(w []string) error {
	to := s.endpoints[w[1]]
	h := packet.Head{EthSrc: linkspan.GatewayMAC(), EthDst: pipeline.RouterMAC(), Src: s.address(w[0]), Dst: standIn(to), TTL: 63}
	return s.segment(to.Chassis, linkspan.GatewayPort, h, w[2:])
}

func (s *stage) segment(on linkspan.ChassisID, port uint32, h packet.Head, w []string) error {
	src, _ := strconv.ParseUint(w[0], 10, 16)
	dst, err := strconv.ParseUint(w[1], 10, 16)
	var flags uint8
	for i, letter := range "FSRPAU" {
		if strings.ContainsRune(w[2], letter) {
			flags |= 1 << i
		}
	}
	segment := packet.TCP{SrcPort: uint16(src), DstPort: uint16(dst), Flags: flags, Window: 1000}
	s.fabric.Switch(on).Inject(port, packet.AppendTCP(nil, &h, &segment, nil))
	s.fabric.Settle()
	return err
}

// unreachable has somebody outside say that a datagram of an endpoint cannot be
// delivered: it quotes what the host's stack has sent.
func (s *stage) unreachable(w []string) error {
	to := s.endpoints[w[1]]
	port, err := strconv.ParseUint(w[3], 10, 16)
	if err != nil {
		return err
	}
	h := packet.Head{EthSrc: pipeline.RouterMAC(), EthDst: linkspan.GatewayMAC(), Src: standIn(to), Dst: s.address(w[2])}
	var about packet.Packet
	if err := packet.Parse(packet.AppendUDP(nil, &h, 40000, uint16(port), []byte("linkspan")), &about); err != nil {
		return err
	}
	frame, err := packet.AppendUnreachable(nil, &about, packet.ErrorSource{MAC: linkspan.GatewayMAC(), Addr: s.address(w[0])}, packet.NoPort)
	if err != nil {
		return err
	}
	s.fabric.Switch(to.Chassis).Inject(linkspan.GatewayPort, frame)
	s.fabric.Settle()
	return nil
}

// bar puts a policy about what is outside.
func (s *stage) bar(w []string) error {
	id, _ := strconv.Atoi(w[0])
	priority, err := strconv.Atoi(w[1])
	if err != nil {
		return err
	}
	p := &linkspan.Policy{ID: linkspan.PolicyID(id), Name: "p" + w[0], Priority: uint16(priority)}
	if err := p.Action.UnmarshalText([]byte(w[2])); err != nil {
		return err
	}
	p.To = []linkspan.Selector{{CIDR: netip.MustParsePrefix(w[3])}}
	for _, text := range w[4:] {
		ports, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			return err
		}
		p.Ports = append(p.Ports, ports)
	}
	s.hub.Update(view.PutPolicy(p))
	s.fabric.Settle()
	return nil
}

func (s *stage) internal(w []string) error {
	n := *s.networks[w[0]]
	n.Internal = w[1] == "yes"
	s.networks[w[0]] = &n
	s.hub.Update(view.PutNetwork(&n))
	s.fabric.Settle()
	return nil
}
