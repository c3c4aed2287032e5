// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// ChassisID is the number of a chassis: 16 bits, given by the store, never 0.
type ChassisID uint16

// DPID is an OpenFlow datapath id (OpenFlow 1.3.5, 7.3.1).
type DPID uint64

// dpidBase marks the datapaths that Linkspan numbers itself: "ls" in ASCII.
const dpidBase DPID = 0x6c73 << 48

// DPID returns the datapath id of the chassis's integration bridge.
func (id ChassisID) DPID() DPID { return dpidBase | DPID(id) }

// TunnelMAC returns the Ethernet address by which the chassis is reached inside
// the tunnel. It is locally administered and derived from the number, so every
// chassis knows every other's without asking.
func (id ChassisID) TunnelMAC() MAC { return MAC{0x0e, 0, 0, 0, byte(id >> 8), byte(id)} }

// TunnelPort is the OpenFlow port of the tunnel on every chassis, above those
// of endpoints.
const TunnelPort uint32 = MaxPort + 1

// DirectMAC returns the one Ethernet address that the chassis shows to others
// in its layer 2 beside the host's own: frames of the direct transport come from
// it and go to it. Like TunnelMAC it follows from the number.
func (id ChassisID) DirectMAC() MAC { return MAC{0x06, 0x6c, 0x73, 0, byte(id >> 8), byte(id)} }

// ChassisOfDirectMAC is the inverse of DirectMAC; ok is false for an address
// that it never returns.
func ChassisOfDirectMAC(m MAC) (id ChassisID, ok bool) {
	id = ChassisID(m[4])<<8 | ChassisID(m[5])
	return id, id != 0 && m == id.DirectMAC()
}

// DirectPort is the OpenFlow port of the direct transport on every chassis that
// has one.
const DirectPort uint32 = MaxPort + 2

// String returns 16 hexadecimal digits, as Open vSwitch prints a datapath id.
func (d DPID) String() string { return fmt.Sprintf("%016x", uint64(d)) }

// ParseDPID reads the form that String writes.
func ParseDPID(s string) (DPID, error) {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil || len(s) != 16 {
		return 0, invalid("datapath id %q is not 16 hexadecimal digits", s)
	}
	return DPID(n), nil
}

// MAC is an Ethernet address (IEEE 802).
type MAC [6]byte

// String returns the colon form, 02:00:00:00:00:01.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// MarshalText writes the colon form.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the colon form.
func (m *MAC) UnmarshalText(text []byte) error {
	v, err := ParseMAC(string(text))
	*m = v
	return err
}

// LinkLocal returns the IPv6 address that a host gives itself on a link from its
// Ethernet address (RFC 4291, appendix A).
func (m MAC) LinkLocal() netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}

// ParseMAC reads the colon form of a unicast address other than zero.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	if len(s) != 17 {
		return m, invalid("%q is not a MAC address like 02:42:0a:07:00:02", s)
	}
	for i := range m {
		b, err := strconv.ParseUint(s[i*3:i*3+2], 16, 8)
		if err != nil || i < 5 && s[i*3+2] != ':' {
			return MAC{}, invalid("%q is not a MAC address like 02:42:0a:07:00:02", s)
		}
		m[i] = byte(b)
	}
	if m[0]&1 != 0 || m == (MAC{}) {
		return MAC{}, invalid("%s is not a unicast MAC address", s)
	}
	return m, nil
}

// Chassis is a host that runs a switch.
type Chassis struct {
	ID       ChassisID  `json:"id"`
	Name     string     `json:"name"`     // unique; the host's name unless told otherwise
	Underlay netip.Addr `json:"underlay"` // where other chassis reach it
	MTU      int        `json:"mtu"`      // of the underlay, bytes
	Version  string     `json:"version"`  // of the program it last connected with
	Joined   time.Time  `json:"joined"`
	Site     string     `json:"site,omitempty"` // where it stands; empty: DefaultSite
}

// DPID returns the datapath id of the chassis's integration bridge.
func (c *Chassis) DPID() DPID { return c.ID.DPID() }

// Validate says whether c can be stored.
func (c *Chassis) Validate() error {
	if err := ValidateName("chassis", c.Name); err != nil {
		return err
	}
	if c.ID == 0 {
		return invalid("chassis %s has no number", c.Name)
	}
	if err := ValidateName("site", c.InSite()); err != nil {
		return err
	}
	if u := c.Underlay; u.IsValid() && (u.IsUnspecified() || u.IsMulticast() || u.Zone() != "") {
		return invalid("underlay address %s of chassis %s is not one that other hosts can reach", c.Underlay, c.Name)
	}
	return validateText("the version of chassis "+c.Name, c.Version)
}
