// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Mode is who decides about frames.
type Mode uint8

// The modes.
const (
	Traditional Mode = iota // the switch itself
	SDN                     // the controller of the fabric
	Foreign                 // another controller
)

// String returns the mode's name in the configuration.
func (m Mode) String() string { return [...]string{"traditional", "sdn", "foreign"}[m] }

// State is who decides about what, and who is where. Ports are OpenFlow's numbers in
// br-switch.
type State struct {
	VLANs    []VLAN    // that name a network of the fabric
	Stations []Station // hosts of these VLANs
	Gates    []Gate    // ways to foreign controllers
}

// VLAN is who decides about the frames of a VLAN.
type VLAN struct {
	ID        uint16
	Mode      Mode            // on all ports but those of Ports
	Ports     map[uint32]Mode // where it is another
	Subnet    netip.Prefix    // of its network in the fabric; zero: it has none
	Subnet6   netip.Prefix    // of it for IPv6
	Bearers   []netip.Addr    // of the network, and no hosts of the VLAN: the fabric answers for them
	Interface Interface
}

// ModeAt returns who decides about the VLAN's frames on a port.
func (v *VLAN) ModeAt(port uint32) Mode {
	if m, ok := v.Ports[port]; ok {
		return m
	}
	return v.Mode
}

// SDNAnywhere says whether the controller decides on any port.
func (v *VLAN) SDNAnywhere() bool {
	for _, m := range v.Ports {
		if m == SDN {
			return true
		}
	}
	return v.Mode == SDN
}

// Interface is the switch's own interface in a VLAN. Its addresses are reached as in
// traditional mode, whoever decides about the rest.
type Interface struct {
	Port      uint32 // 0: there is none
	MAC       linkspan.MAC
	Addresses []netip.Addr
}

// Station is a host in a VLAN.
type Station struct {
	VLAN    uint16
	Address netip.Addr // of IPv4
	// Address6 is one of IPv6 that the fabric has it with as well; zero: none.
	Address6 netip.Addr
	MAC      linkspan.MAC
	Port     uint32
	Tagged   bool   // its frames have a tag there
	Patch    uint32 // its way to br-link; 0: it has none yet
	Shadow   bool   // what it sends is also copied to the fabric, and what comes back is dropped
}

// Gate is a way to a foreign controller's bridge.
type Gate struct {
	Port   uint32
	VLAN   uint16 // 0: all that the port is given, as it is; else frames of the VLAN, without their tag
	Tagged bool   // frames of the VLAN have a tag on the port
	Patch  uint32 // the end in br-switch; 0: it has none yet, and frames are dropped
}
