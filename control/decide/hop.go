// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Visible returns the address from which a chassis answers as a hop, in IPv4 or in
// IPv6; the zero Addr: it has none. In IPv6 one whose underlay is IPv4 has that
// address within the prefix for local translation (RFC 8215), as it is on no link of
// the packet's sender and never a destination.
func Visible(c *linkspan.Chassis, ipv4 bool) netip.Addr {
	a := c.Underlay.Unmap()
	switch {
	case a.Is4() && !ipv4:
		b := [16]byte{0, 0x64, 0xff, 0x9b, 0, 1}
		v4 := a.As4()
		copy(b[12:], v4[:])
		return netip.AddrFrom16(b)
	case a.Is4() != ipv4:
		return netip.Addr{}
	}
	return a
}

// hop counts the chassis as hops. Within one chassis there is no hop; between
// two, each one is, and answers from its own underlay address, so that
// traceroute shows where the packet went. So it does on the way out, where the
// chassis is the first hop and the host's stack counts it.
func hop(v *view.View, p *Packet, d *Decision) bool {
	if d.Local() && !d.Destination.Outside() || !p.Expired() {
		return false
	}
	d.whole()
	d.Hop = v.Chassis(p.Chassis)
	if d.Hop == nil || !Visible(d.Hop, p.Source.Is4()).IsValid() {
		return d.settle(Ignore, TimeExceeded)
	}
	return d.settle(Expire, TimeExceeded)
}
