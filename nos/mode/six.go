// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// A host has an address of IPv6 in the fabric beside its address of IPv4, by which it is known: the first one of the network's
// that is heard of it. What else it has of IPv6 is good where the switch itself decides.

// who6 returns the address of IPv6 that the sender of a frame says is its own; ok is false where it says none of a
// network's.
func who6(in *openflow.PacketIn, n *linkspan.Network) (mac linkspan.MAC, a netip.Addr, ok bool) {
	var p packet.Packet
	if packet.Parse(in.Data, &p) != nil || !p.IsIPv6() {
		return mac, a, false
	}
	mac, a = linkspan.MAC(p.EthSrc()), p.Src()
	if kind, _ := p.ICMPType(); kind == packet.ICMPv6NeighborAdvert && p.Has(packet.LayerICMPv6) {
		if a, ok = target6(&p); !ok {
			return mac, a, false
		}
	}
	own := mac != linkspan.MAC(dispatch.RouterMAC()) && mac[0]&1 == 0 && mac != linkspan.MAC{}
	return mac, a, own && a.Is6() && n.Leasable(a)
}

// target6 returns whom a message of neighbour discovery is about (RFC 4861, 4.3 and 4.4).
func target6(p *packet.Packet) (a netip.Addr, ok bool) {
	b := p.Payload()
	kind, is := p.ICMPType()
	if !is || !p.Has(packet.LayerICMPv6) || p.TTL() != hops || len(b) < 16 {
		return a, false
	}
	if kind != packet.ICMPv6NeighborSolicit && kind != packet.ICMPv6NeighborAdvert {
		return a, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}

// hops is the hop limit of what has passed no router (RFC 4861, 6.1).
const hops = 255

// see6 takes in that a host has an address of IPv6. It returns the host if that is news.
func (h *hosts) see6(vlan uint16, mac linkspan.MAC, a netip.Addr, now time.Time) (s *station, changed bool) {
	for _, is := range h.all {
		switch {
		case is.vlan != vlan:
		case is.address6 == a:
			if is.mac == mac {
				is.heard6 = now
			}
			return is, false // whoever says so: it is its
		case is.mac == mac && (s == nil || is.address.Less(s.address)):
			s = is
		}
	}
	if s == nil || s.address6.IsValid() && now.Sub(s.heard6) <= forget {
		return s, false
	}
	s.address6, s.heard6 = a, now
	return s, true
}

// has6 says whether a host of a VLAN has an address of IPv6.
func (h *hosts) has6(vlan uint16, a netip.Addr) bool {
	for _, is := range h.all {
		if is.vlan == vlan && is.address6 == a {
			return true
		}
	}
	return false
}

// heard6 takes in a frame of IPv6 that came up. k.mu is held.
func (k *Keeper) heard6(in *openflow.PacketIn, id uint16, p *port, v *vlan, n *linkspan.Network) {
	sdn := k.is.at(p, v) == dispatch.SDN
	mac, a, ok := who6(in, n)
	var s *station
	if ok {
		var changed bool
		if s, changed = k.hosts.see6(id, mac, a, time.Now()); changed {
			s.stale, s.tried = s.plugged, time.Time{} // that is no try again
			k.wake()
		}
		if s != nil && s.mac == mac && s.plugged && !s.six && (sdn || forRouter(in.Data)) && len(in.Data) <= maxFrame {
			s.first = append([]byte(nil), in.Data...)
		}
	}
	var frame packet.Packet
	if packet.Parse(in.Data, &frame) != nil {
		return
	}
	if kind, _ := frame.ICMPType(); kind != packet.ICMPv6NeighborSolicit {
		return
	}
	if target, is := target6(&frame); !is || !n.Leasable(target) || k.hosts.has6(id, target) {
		return
	} else if sdn {
		k.sought(place{id, target}, p)
	} else if s != nil {
		k.meant(place{id, target}, s.place, in.Data)
	}
}

// question6 asks who has an address of IPv6, from an address that is good for nothing else; it is answered to the
// router's MAC (RFC 4861, 4.3).
func question6(target netip.Addr) []byte {
	router := dispatch.RouterMAC()
	b := append(make([]byte, 8, 32), target.AsSlice()...)
	b[0] = packet.ICMPv6NeighborSolicit
	b = append(append(b, 1, 1), router[:]...) // option: the asker's address
	last := target.As16()
	to := netip.AddrFrom16([16]byte{0xff, 0x02, 11: 0x01, 12: 0xff, 13: last[13], 14: last[14], 15: last[15]})
	return neighbour(packet.MAC(router), routerLocal(), to, b)
}

// announcement6 says in the host's own name where its address of IPv6 is (RFC 4861, 7.2.6).
func announcement6(s *station) []byte {
	b := append(make([]byte, 8, 32), s.address6.AsSlice()...)
	b[0], b[4] = packet.ICMPv6NeighborAdvert, 0x20 // in place of what is known
	b = append(append(b, 2, 1), s.mac[:]...)       // option: the target's address
	all := netip.AddrFrom16([16]byte{0xff, 0x02, 15: 0x01})
	return neighbour(packet.MAC(s.mac), s.address6, all, b)
}

// neighbour completes a message of neighbour discovery to a group.
func neighbour(mac packet.MAC, from, to netip.Addr, message []byte) []byte {
	group := to.As16()
	binary.BigEndian.PutUint16(message[2:], packet.TransportChecksum(from, to, packet.ProtoICMPv6, message))
	h := packet.Head{EthSrc: mac, EthDst: packet.MAC{0x33, 0x33, group[12], group[13], group[14], group[15]}, Src: from, Dst: to, TTL: hops}
	return packet.AppendIP(nil, &h, packet.ProtoICMPv6, message)
}

// routerLocal is the link-local address that follows from the router's MAC address (RFC 4291, appendix A).
func routerLocal() netip.Addr {
	m := dispatch.RouterMAC()
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}
