// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Packet is an IP packet that a chassis sent up, as far as decisions read it.
type Packet struct {
	Chassis     linkspan.ChassisID // that sent it up
	Port        uint32             // where it came in; linkspan.TunnelPort: from another chassis
	Sender      linkspan.ChassisID // the other chassis; 0 when it did not come from the tunnel
	Network     linkspan.NetworkID
	Source      netip.Addr
	Destination netip.Addr
	TTL         uint8
}

// Tunnelled says whether the packet came from another chassis.
func (p *Packet) Tunnelled() bool { return p.Port == linkspan.TunnelPort }

// Expired says whether the packet may not go to another hop.
func (p *Packet) Expired() bool { return p.TTL <= 1 }
