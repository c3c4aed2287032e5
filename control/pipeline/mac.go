// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/linkspan/linkspan"

// The Ethernet types that flows match.
const (
	ethIPv4 = 0x0800
	ethIPv6 = 0x86dd
	ethARP  = 0x0806
	// ethProbe is that of the frames which prove direct paths (IEEE 802, for local
	// experiments); the switch process hears them beside the bridge.
	ethProbe = 0x88b5
)

// RouterMAC is the address that every endpoint takes for every other.
func RouterMAC() linkspan.MAC { return linkspan.MAC{0x02, 0xff, 0, 0, 0, 1} }

// SenderMAC is the source address on the tunnel: it carries the sending
// chassis and the network.
func SenderMAC(sender linkspan.ChassisID, network linkspan.NetworkID) linkspan.MAC {
	return linkspan.MAC{
		senderPrefix, byte(sender >> 8), byte(sender),
		byte(network >> 16), byte(network >> 8), byte(network),
	}
}

// senderPrefix opens every SenderMAC; it is a locally administered address.
const senderPrefix = 0x0a

// Bits of a SenderMAC, counted from the lowest.
const (
	senderNetworkOfs, senderNetworkBits = 0, 24
	senderChassisOfs, senderChassisBits = 24, 16
)
