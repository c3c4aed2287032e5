// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Packet is an IP packet that a chassis sent up, as far as decisions read it.
type Packet struct {
	Chassis     linkspan.ChassisID // that sent it up
	Port        uint32             // where it came in; from another chassis: linkspan.TunnelPort or DirectPort
	Sender      linkspan.ChassisID // the other chassis; 0 when it came from none
	Network     linkspan.NetworkID
	Source      netip.Addr
	Destination netip.Addr
	TTL         uint8
}

// Arrived says whether the packet came from another chassis.
func (p *Packet) Arrived() bool {
	return p.Port == linkspan.TunnelPort || p.Port == linkspan.DirectPort
}

// Expired says whether the packet may not go to another hop.
func (p *Packet) Expired() bool { return p.TTL <= 1 }
