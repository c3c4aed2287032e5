// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Packet is an IP packet that a chassis sent up, as far as decisions read it.
type Packet struct {
	Chassis     linkspan.ChassisID // that sent it up
	Port        uint32             // where it came in; from another chassis: linkspan.TunnelPort or DirectPort; from outside: GatewayPort
	Sender      linkspan.ChassisID // the other chassis; 0 when it came from none
	Network     linkspan.NetworkID
	Source      netip.Addr
	Destination netip.Addr
	TTL         uint8
	Connection
	// Probe is the number of the probe that made the packet; 0: a container sent it. It is
	// decided about like any other.
	Probe uint64

	pair bool // not of a packet: of all between the two
}

// Connection says which connection a packet is of, in the direction in which that
// was opened. Where the datapath has not said so, Tracked is false and the rest is
// read from the packet as if it opened one: that may be wrong, and nothing may be
// denied because of it.
type Connection struct {
	Protocol uint8 // IP protocol
	// SourcePort and DestinationPort are those of the opening direction: of a reply
	// the destination port is the one that answers. 0 without ports.
	SourcePort, DestinationPort uint16
	ICMPType                    uint8 // of the message that opened
	// Tracked: the datapath's connection tracking has placed the packet.
	Tracked bool
	// Reply: the packet goes from whom the connection was opened to. The packet's
	// Destination opened it, its Source was asked.
	Reply bool
	// Begins: the datapath knew no such connection until this packet.
	Begins bool
	// Flags are those of TCP, of the packet itself.
	Flags uint8
	// Resumes: the packet is a segment of TCP that asks for no connection, so it is of one
	// that was opened before.
	Resumes bool
	// Later: a later fragment of a packet. It has no ports, Tracked or not.
	Later bool
}

// Key returns what classes tell connections apart by: protocol and destination
// port, of ICMP the type.
func (c *Connection) Key() (protocol uint8, port uint16) {
	if linkspan.Typed(c.Protocol) {
		return c.Protocol, uint16(c.ICMPType)
	}
	return c.Protocol, c.DestinationPort
}

// Arrived says whether the packet came from another chassis.
func (p *Packet) Arrived() bool {
	return p.Port == linkspan.TunnelPort || p.Port == linkspan.DirectPort
}

// Entered says whether the host's own stack handed the packet to the switch.
func (p *Packet) Entered() bool { return p.Port == linkspan.GatewayPort }

// Expired says whether the packet may not go to another hop.
func (p *Packet) Expired() bool { return p.TTL <= 1 }
