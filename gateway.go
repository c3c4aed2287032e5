// SPDX-License-Identifier: Apache-2.0

package linkspan

import "net/netip"

// GatewayPort is the OpenFlow port on every chassis through which packets go to the
// host's own stack, and by it to all that no network of the fabric holds, and come
// from there.
const GatewayPort uint32 = MaxPort + 3

// GatewayMAC is the Ethernet address of the host's end of that port.
func GatewayMAC() MAC { return MAC{0x02, 0xff, 0, 0, 0, 2} }

// PassMAC is the Ethernet address under which a packet of the endpoint at a port is
// handed to the host's stack. Networks may have the same addresses, so the stack knows
// endpoints by the number of their port; toHost says that the packet is to the
// network's gateway address, which is the host itself.
func PassMAC(port uint32, toHost bool) MAC {
	kind := byte(3)
	if toHost {
		kind = 4
	}
	return MAC{0x02, 0xff, 0, kind, byte(port >> 8), byte(port)}
}

// GatewayHost is the address by which the host's stack speaks to endpoints, on every
// chassis. Containers never see it: it is put for their network's gateway address, and
// that for it.
func GatewayHost() netip.Addr { return netip.AddrFrom4([4]byte{169, 254, 108, 115}) }

// GatewayHost6 is the same of IPv6: fd6c:7367:7700:1::1, which is of no site's own (RFC
// 4193) and leaves no host.
func GatewayHost6() netip.Addr {
	return netip.AddrFrom16([16]byte{0xfd, 0x6c, 0x73, 0x67, 0x77, 0x00, 0, 1, 15: 1})
}

// GatewayHostTo returns the one of an address's family.
func GatewayHostTo(a netip.Addr) netip.Addr {
	if a.Is4() {
		return GatewayHost()
	}
	return GatewayHost6()
}

// OutsideEnd stands for an address that no network of the fabric holds, as the end of
// a route of a network on a chassis: behind the chassis's gateway port. It is never
// stored.
func OutsideEnd(network NetworkID, on ChassisID, a netip.Addr) *Endpoint {
	return &Endpoint{Network: network, Address: a, Chassis: on, Port: GatewayPort, MAC: GatewayMAC()}
}

// Outside says whether e is an OutsideEnd.
func (e *Endpoint) Outside() bool { return e.Port == GatewayPort }
