// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"bytes"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// who returns the host that has sent a frame which came up; ok is false when the frame
// does not say an address of IPv4 that a host may have, or was not sent by it.
func who(in *openflow.PacketIn) (mac linkspan.MAC, at place, ok bool) {
	var p packet.Packet
	if packet.Parse(in.Data, &p) != nil {
		return mac, at, false
	}
	vlan, _ := in.Match.Uint(openflow.Reg(dispatch.RegVLAN))
	mac, at = linkspan.MAC(p.EthSrc()), place{uint16(vlan), p.Src()}
	switch {
	case p.IsARP() && p.ARPSHA() != p.EthSrc(), !p.IsARP() && !p.IsIPv4():
		return mac, at, false
	case mac == linkspan.MAC(dispatch.RouterMAC()) || mac[0]&1 != 0 || mac == linkspan.MAC{}:
		return mac, at, false
	}
	a := at.address
	return mac, at, vlan != 0 && a.Is4() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// isSix says whether a frame, tagged or not, is of IPv6.
func isSix(frame []byte) bool {
	at := 12
	if isTagged(frame) {
		at += 4
	}
	return len(frame) > at+1 && frame[at] == 0x86 && frame[at+1] == 0xdd
}

// forRouter says whether a frame is to the fabric's router, and not from it.
func forRouter(frame []byte) bool {
	router := dispatch.RouterMAC()
	return len(frame) >= len(router) && bytes.Equal(frame[:len(router)], router[:])
}

// isTagged says whether a frame has the tag of a VLAN.
func isTagged(frame []byte) bool {
	return len(frame) > 13 && frame[12] == 0x81 && frame[13] == 0x00
}

// asked returns the address that a frame asks for by ARP.
func asked(in *openflow.PacketIn) (target netip.Addr, ok bool) {
	var p packet.Packet
	if packet.Parse(in.Data, &p) != nil || !p.IsARP() || p.ARPOp() != packet.ARPRequest {
		return target, false
	}
	return p.Dst(), p.Dst() != p.Src()
}

// question asks who has an address, or the host with mac whether it has: a probe
// (RFC 5227, 1.1), so that nobody learns from it who asks. It is answered to the router's MAC.
func question(target netip.Addr, mac linkspan.MAC) []byte {
	router := packet.MAC(dispatch.RouterMAC())
	return packet.AppendARP(nil, &packet.ARP{
		EthSrc: router, EthDst: packet.MAC(mac), Op: packet.ARPRequest,
		SenderMAC: router, Sender: netip.IPv4Unspecified(), Target: target,
	})
}

// announcement says in the host's own name where its address is (RFC 5227, 3): neighbours that
// hold another address for it take this one.
func announcement(s *station) []byte {
	mac := packet.MAC(s.mac)
	return packet.AppendARP(nil, &packet.ARP{
		EthSrc: mac, EthDst: packet.Broadcast(), Op: packet.ARPRequest,
		SenderMAC: mac, Sender: s.address, Target: s.address,
	})
}
