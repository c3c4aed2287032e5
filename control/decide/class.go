// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"math/bits"
	"strconv"

	"github.com/linkspan/linkspan"
)

// The IP protocols whose connections have more than addresses (IANA numbers).
const (
	ProtocolICMP   uint8 = 1
	ProtocolTCP    uint8 = 6
	ProtocolUDP    uint8 = 17
	ProtocolICMPv6 uint8 = 58
	ProtocolSCTP   uint8 = 132
)

// The flags of TCP that decisions read (RFC 9293, 3.1).
const (
	FlagSYN uint8 = 1 << 1
	FlagRST uint8 = 1 << 2
	FlagACK uint8 = 1 << 4
)

// portBits is the width of a port in bits.
const portBits = 16

// Class is a part of the connections that one endpoint may open to another:
// all of them, those of one IP protocol, or of those the ones to an aligned block
// of destination ports. Of ICMP, the type of the message that opens stands in
// place of the port. The zero value is all of them; equal classes are the same.
type Class struct {
	Protocol uint8  // IP protocol; 0: any, and any port
	Bits     uint8  // how many leading bits of a port the block fixes: 0 any port, 16 one port
	Port     uint16 // the lowest port of the block: the bits that it does not fix are 0
}

// ClassOf returns the class of all connections of a protocol.
func ClassOf(protocol uint8) Class { return Class{Protocol: protocol} }

// BlockOf returns the class of the connections of a protocol to the block of
// ports that has size bits fixed and contains port; the size is at most 16.
func BlockOf(protocol uint8, port uint16, size uint8) Class {
	c := Class{Protocol: protocol, Bits: min(size, portBits)}
	c.Port = port & c.Mask()
	return c
}

// Mask returns the bits of a port that the class fixes.
func (c Class) Mask() uint16 { return ^uint16(0) << (portBits - min(c.Bits, portBits)) }

// Last returns the greatest port of the block.
func (c Class) Last() uint16 { return c.Port | ^c.Mask() }

// Contains says whether connections of a protocol to a port are of the class.
// Port is the type of ICMP.
func (c Class) Contains(protocol uint8, port uint16) bool {
	return c.Protocol == 0 || c.Protocol == protocol && (port^c.Port)&c.Mask() == 0
}

// Covers says whether all connections of o are of the class, too.
func (c Class) Covers(o Class) bool {
	if c.Protocol == 0 {
		return true
	}
	return o.Bits >= c.Bits && c.Contains(o.Protocol, o.Port)
}

// Valid says whether the class is one that this package describes: the port lies
// at the begin of its block, and only protocols with ports have one.
func (c Class) Valid() bool {
	switch {
	case c.Bits > portBits, c.Port&^c.Mask() != 0:
		return false
	case c.Bits == 0:
		return true
	case linkspan.Typed(c.Protocol):
		return c.Bits == portBits && c.Port <= 0xff
	}
	return hasPorts(c.Protocol)
}

func hasPorts(protocol uint8) bool {
	return protocol == ProtocolTCP || protocol == ProtocolUDP || protocol == ProtocolSCTP
}

// protocolNames are those that people write.
var protocolNames = map[uint8]string{
	ProtocolICMP: "icmp", ProtocolTCP: "tcp", ProtocolUDP: "udp", ProtocolICMPv6: "icmp6", ProtocolSCTP: "sctp",
}

// String returns the class as people write it: any, tcp, tcp/443, udp/5000-5007,
// icmp/8, protocol 47.
func (c Class) String() string {
	if c.Protocol == 0 {
		return "any"
	}
	name, ok := protocolNames[c.Protocol]
	if !ok {
		name = "protocol " + strconv.Itoa(int(c.Protocol))
	}
	switch {
	case c.Bits == 0:
		return name
	case c.Last() == c.Port:
		return fmt.Sprintf("%s/%d", name, c.Port)
	}
	return fmt.Sprintf("%s/%d-%d", name, c.Port, c.Last())
}

// Blocks returns the least number of aligned blocks that make up the ports from
// first to last of a protocol, in order; none when first is above last.
func Blocks(protocol uint8, first, last uint16) (list []Class) {
	for at, end := uint32(first), uint32(last)+1; at < end; {
		size := uint32(1) << min(bits.TrailingZeros32(at|1<<portBits), bits.Len32(end-at)-1)
		c := Class{Protocol: protocol, Port: uint16(at), Bits: uint8(portBits - bits.TrailingZeros32(size))}
		list, at = append(list, c), at+size
	}
	return list
}
