// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"errors"
	"net/netip"
)

// errLLDP says that a frame is no LLDP, or not what every LLDP begins with. Never changed.
var errLLDP = errors.New("packet: malformed or truncated lldp")

// maxManagement bounds the addresses that ParseLLDP takes from one frame.
const maxManagement = 8

// ParseLLDP reads a frame. Nothing of it is a view of the frame. What must be there (chassis, port and
// time to live, in this order) decides whether it is LLDP; what comes behind and is
// malformed or unknown is left out, and so is all behind something that the frame has no room
// for (IEEE 802.1AB-2016, 9.2.8.7).
func ParseLLDP(frame []byte, l *LLDP) error {
	*l = LLDP{}
	if len(frame) < 14 || uint16(frame[12])<<8|uint16(frame[13]) != EtherTypeLLDP {
		return errLLDP
	}
	b := frame[14:]
	for place := lldpChassis; ; place++ {
		kind, value, rest, ok := nextTLVOf(b)
		if place <= lldpTTL && (!ok || kind != place || !l.begin(kind, value)) {
			return errLLDP
		}
		if !ok || kind == lldpEnd {
			return nil
		}
		if place > lldpTTL {
			l.take(kind, value)
		}
		b = rest
	}
}

func nextTLVOf(b []byte) (kind int, value, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	head := int(b[0])<<8 | int(b[1])
	n := head & 0x1ff
	if b = b[2:]; n > len(b) {
		return 0, nil, nil, false
	}
	return head >> 9, b[:n], b[n:], true
}

// begin takes what every frame begins with.
func (l *LLDP) begin(kind int, value []byte) bool {
	switch {
	case kind == lldpTTL && len(value) >= 2:
		l.TTL = uint16(value[0])<<8 | uint16(value[1])
		return true
	case kind == lldpTTL || len(value) < 2 || len(value) > 256:
		return false
	case kind == lldpChassis:
		l.ChassisKind, l.Chassis = value[0], append([]byte(nil), value[1:]...)
	default:
		l.PortKind, l.Port = value[0], append([]byte(nil), value[1:]...)
	}
	return true
}

// take takes what may follow; of two of one kind the first.
func (l *LLDP) take(kind int, value []byte) {
	switch kind {
	case lldpPortDescription:
		first(&l.PortDescription, value)
	case lldpSystemName:
		first(&l.SystemName, value)
	case lldpSystemDescription:
		first(&l.SystemDescription, value)
	case lldpCapabilities:
		if len(value) == 4 && l.Capabilities == 0 {
			l.Capabilities = LLDPCapabilities(value[0])<<8 | LLDPCapabilities(value[1])
			l.Enabled = LLDPCapabilities(value[2])<<8 | LLDPCapabilities(value[3])
		}
	case lldpManagement:
		if a, ok := managementOf(value); ok && len(l.Management) < maxManagement {
			l.Management = append(l.Management, a)
		}
	case lldpOrganisation:
		if len(value) == len(lldpPortVLAN)+2 && string(value[:len(lldpPortVLAN)]) == lldpPortVLAN && l.VLAN == 0 {
			l.VLAN = uint16(value[4])<<8 | uint16(value[5])
		}
	}
}

func first(text *string, value []byte) {
	if *text == "" {
		*text = string(cut(value, 255))
	}
}

// managementOf returns the address of a management TLV, if it is one of IP.
func managementOf(value []byte) (netip.Addr, bool) {
	if len(value) < 2 || int(value[0]) > len(value)-1 || value[0] < 2 {
		return netip.Addr{}, false
	}
	return LLDPAddr(value[1 : 1+value[0]])
}

// LLDPAddr reads an address behind the number of its family, as ids of chassis and
// ports have it, too.
func LLDPAddr(b []byte) (netip.Addr, bool) {
	if len(b) == 0 {
		return netip.Addr{}, false
	}
	a, ok := netip.AddrFromSlice(b[1:])
	return a, ok && b[0] == familyOf(a)
}
