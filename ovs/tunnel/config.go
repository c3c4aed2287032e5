// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// Config says what the device must be. Zero fields but Local and MAC have
// defaults.
type Config struct {
	Device string       // name of the link; default lsvx
	VNI    uint32       // vxlan network identifier, 24 bits; default 7000
	Port   uint16       // UDP destination port; default 4790, not VXLAN's own 4789
	Local  netip.Addr   // underlay address of this chassis; it must be on a link
	MAC    linkspan.MAC // of this chassis, see [linkspan.ChassisID.TunnelMAC]; what peers address inner frames to
	User   uint32       // that a userspace datapath runs as: its frames leave the tunnel as packets of that user; default root
	MTU    int          // of the device, bytes; default the underlay's less the encapsulation
}

// Peer is another chassis.
type Peer struct {
	MAC      linkspan.MAC // its [linkspan.ChassisID.TunnelMAC]
	Underlay netip.Addr   // the outer source of what it sends
}

// Default returns c with its zero fields filled, MTU excepted.
func (c Config) Default() Config {
	if c.Device == "" {
		c.Device = "lsvx"
	}
	if c.VNI == 0 {
		c.VNI = 7000
	}
	if c.Port == 0 {
		c.Port = 4790
	}
	c.Local = c.Local.Unmap()
	return c
}

// Validate says whether c can be realised.
func (c Config) Validate() error {
	switch {
	case !c.Local.IsValid() || c.Local.IsUnspecified() || c.Local.IsMulticast() || c.Local.Zone() != "":
		return invalid("the underlay address %q is not a host's", c.Local)
	case c.VNI >= 1<<24:
		return invalid("vxlan identifier %d has more than 24 bits", c.VNI)
	case len(c.Device) > 15:
		return invalid("device name %q has more than 15 bytes", c.Device)
	case !ofChassis(c.MAC):
		return invalid("%s is not a chassis's MAC address", c.MAC)
	}
	return nil
}

func (c Config) checkPeer(p Peer) error {
	if !ofChassis(p.MAC) || p.MAC == c.MAC {
		return invalid("%s is not a peer's MAC address", p.MAC)
	}
	if !p.Underlay.IsValid() || p.Underlay.Is4() != c.Local.Is4() || p.Underlay == c.Local {
		return invalid("%q cannot be a peer's underlay address beside ours, %s", p.Underlay, c.Local)
	}
	return nil
}

// Overhead is what vxlan adds to an inner IP packet on an underlay of addr's
// family: inner Ethernet 14, vxlan 8, UDP 8, outer IP 20 or 40 bytes (RFC 7348).
func Overhead(addr netip.Addr) int {
	if addr.Unmap().Is4() {
		return 50
	}
	return 70
}

// ofChassis says whether m is what [linkspan.ChassisID.TunnelMAC] returns: the
// filter takes the chassis's number from it.
func ofChassis(m linkspan.MAC) bool {
	id := linkspan.ChassisID(binary.BigEndian.Uint16(m[4:]))
	return id != 0 && m == id.TunnelMAC()
}

func invalid(format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}
