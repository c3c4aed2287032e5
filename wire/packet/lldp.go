// SPDX-License-Identifier: Apache-2.0

package packet

import "net/netip"

// EtherTypeLLDP is the Ethernet type of LLDP (IEEE 802.1AB-2016, 8.3).
const EtherTypeLLDP uint16 = 0x88cc

// LLDPNearest is the group that only the next station hears (IEEE 802.1AB-2016, 7.1).
func LLDPNearest() MAC { return MAC{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e} }

// Subtypes of the ids of chassis and ports that are made here (IEEE 802.1AB-2016, tables 8-2
// and 8-3).
const (
	LLDPChassisMAC  uint8 = 4
	LLDPPortMAC     uint8 = 3
	LLDPChassisAddr uint8 = 5 // network address: family and address
	LLDPPortAddr    uint8 = 4
	LLDPPortName    uint8 = 5 // name of the interface
)

// LLDPCapabilities are what a system is (IEEE 802.1AB-2016, table 8-4).
type LLDPCapabilities uint16

// The capabilities.
const (
	LLDPOther LLDPCapabilities = 1 << iota
	LLDPRepeater
	LLDPBridge
	LLDPAccessPoint
	LLDPRouter
	LLDPTelephone
	LLDPCable
	LLDPStation
	LLDPCVLAN
	LLDPSVLAN
	LLDPRelay
)

// LLDP is what a port tells its neighbours (IEEE 802.1AB-2016). Strings and ids are as
// they came: nothing says that they are text, or what a terminal can take.
type LLDP struct {
	ChassisKind       uint8
	Chassis           []byte // 1 to 255 bytes
	PortKind          uint8
	Port              []byte           // 1 to 255 bytes
	TTL               uint16           // seconds; 0 says that the port tells no more
	PortDescription   string           // up to 255 bytes, as the next two
	SystemName        string           //
	SystemDescription string           //
	Capabilities      LLDPCapabilities // what the system can be
	Enabled           LLDPCapabilities // what it is
	Management        []netip.Addr     // where it is managed
	VLAN              uint16           // of frames without a tag (IEEE 802.1Q-2018, D.2.1); 0 for none said
}

// The types of what is told (IEEE 802.1AB-2016, table 8-1).
const (
	lldpEnd = iota
	lldpChassis
	lldpPort
	lldpTTL
	lldpPortDescription
	lldpSystemName
	lldpSystemDescription
	lldpCapabilities
	lldpManagement
	lldpOrganisation = 127
)

// The port VLAN id of IEEE 802.1: organisation and subtype.
const lldpPortVLAN = "\x00\x80\xc2\x01"

// AppendLLDP appends a frame from src. Ids and strings are cut to what the protocol
// can carry.
func AppendLLDP(b []byte, src MAC, l *LLDP) []byte {
	b = appendEthernet(b, LLDPNearest(), src, EtherTypeLLDP)
	b = appendTLV(b, lldpChassis, append([]byte{l.ChassisKind}, cut(l.Chassis, 255)...))
	b = appendTLV(b, lldpPort, append([]byte{l.PortKind}, cut(l.Port, 255)...))
	b = appendTLV(b, lldpTTL, []byte{byte(l.TTL >> 8), byte(l.TTL)})
	for i, text := range [...]string{l.PortDescription, l.SystemName, l.SystemDescription} {
		if text != "" {
			b = appendTLV(b, lldpPortDescription+i, cut([]byte(text), 255))
		}
	}
	if l.Capabilities != 0 {
		b = appendTLV(b, lldpCapabilities, []byte{byte(l.Capabilities >> 8), byte(l.Capabilities), byte(l.Enabled >> 8), byte(l.Enabled)})
	}
	for _, a := range l.Management {
		b = appendTLV(b, lldpManagement, managementTLV(a))
	}
	if l.VLAN != 0 {
		b = appendTLV(b, lldpOrganisation, append([]byte(lldpPortVLAN), byte(l.VLAN>>8), byte(l.VLAN)))
	}
	return appendTLV(b, lldpEnd, nil)
}

func cut(b []byte, n int) []byte { return b[:min(n, len(b))] }

// appendTLV appends 7 bits of type, 9 of length, and the value of at most 511 bytes.
func appendTLV(b []byte, kind int, value []byte) []byte {
	head := kind<<9 | len(value)
	return append(append(b, byte(head>>8), byte(head)), value...)
}

// managementTLV returns an address without the number of an interface (IEEE 802.1AB-2016, 8.5.9).
func managementTLV(a netip.Addr) []byte {
	raw := a.AsSlice()
	b := append([]byte{byte(1 + len(raw)), familyOf(a)}, raw...)
	const unknownInterface = 1
	return append(b, unknownInterface, 0, 0, 0, 0, 0)
}

// familyOf returns the number of an address family (IANA): 1 IPv4, 2 IPv6.
func familyOf(a netip.Addr) byte {
	if a.Is4() {
		return 1
	}
	return 2
}
