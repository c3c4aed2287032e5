// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/linkspan/linkspan/wire/packet"
)

// Neighbour is what somebody behind a device tells. Its texts have only characters that a
// terminal can show; what they say is the neighbour's word.
type Neighbour struct {
	Port              string // of /ports
	Device            string // of the port
	Chassis           string // id: an address, or a text
	PortID            string
	PortDescription   string
	SystemName        string
	SystemDescription string
	Capabilities      []string // what it says that it is
	Management        []netip.Addr
	VLAN              uint16 // of its frames without a tag; 0 if it does not say
	Since             time.Time
	Until             time.Time // when it is forgotten unless it tells again
}

// newNeighbour makes text of what was told.
func newNeighbour(port, device string, l *packet.LLDP, now time.Time) Neighbour {
	return Neighbour{
		Port: port, Device: device,
		Chassis:         idText(l.ChassisKind == packet.LLDPChassisMAC, l.ChassisKind == packet.LLDPChassisAddr, l.Chassis),
		PortID:          idText(l.PortKind == packet.LLDPPortMAC, l.PortKind == packet.LLDPPortAddr, l.Port),
		PortDescription: plain(l.PortDescription), SystemName: plain(l.SystemName), SystemDescription: plain(l.SystemDescription),
		Capabilities: capabilities(l.Enabled), Management: l.Management, VLAN: l.VLAN,
		Since: now, Until: now.Add(time.Duration(l.TTL) * time.Second),
	}
}

// idText writes an id; one that is neither an address nor text in hex.
func idText(mac, addr bool, id []byte) string {
	if a, ok := packet.LLDPAddr(id); addr && ok {
		return a.String()
	}
	switch {
	case mac && len(id) == 6:
		return net.HardwareAddr(id).String()
	case utf8.Valid(id) && strings.IndexFunc(string(id), unprintable) < 0:
		return string(id)
	}
	return hex.EncodeToString(id)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// plain replaces what a terminal could act on.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text)
}

// capabilities names the bits (IEEE 802.1AB-2016, table 8-4).
func capabilities(c packet.LLDPCapabilities) []string {
	var list []string
	for i, name := range [...]string{"other", "repeater", "bridge", "access-point", "router", "telephone", "cable-device",
		"station", "c-vlan", "s-vlan", "two-port-relay"} {
		if c>>i&1 != 0 {
			list = append(list, name)
		}
	}
	return list
}
