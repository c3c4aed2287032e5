// SPDX-License-Identifier: Apache-2.0

package linkspan

import "net/netip"

// MinMTU6 is the least MTU of a network with IPv6 (RFC 8200, 5).
const MinMTU6 = 1280

// Dual says whether the network has IPv6 beside IPv4.
func (n *Network) Dual() bool { return n.Subnet6.IsValid() }

// Subnets returns the network's subnets, IPv4 first.
func (n *Network) Subnets() []netip.Prefix {
	if n.Dual() {
		return []netip.Prefix{n.Subnet, n.Subnet6}
	}
	return []netip.Prefix{n.Subnet}
}

// SubnetText returns the subnets as people read them.
func (n *Network) SubnetText() string {
	if n.Dual() {
		return n.Subnet.String() + " and " + n.Subnet6.String()
	}
	return n.Subnet.String()
}

// Holds says whether an address is in one of the network's subnets.
func (n *Network) Holds(a netip.Addr) bool { return n.Subnet.Contains(a) || n.Subnet6.Contains(a) }

// GatewayTo returns the gateway of an address's family; the zero value where the network
// has none.
func (n *Network) GatewayTo(a netip.Addr) netip.Addr {
	if a.Is4() {
		return n.Gateway
	}
	return n.Gateway6
}

// IsGateway says whether an address is one of the network's gateway.
func (n *Network) IsGateway(a netip.Addr) bool {
	return a.IsValid() && (a == n.Gateway || a == n.Gateway6)
}

// SubnetOf returns the subnet that holds an address; the zero Prefix: none does.
func (n *Network) SubnetOf(a netip.Addr) netip.Prefix {
	switch {
	case n.Subnet.Contains(a):
		return n.Subnet
	case n.Subnet6.Contains(a):
		return n.Subnet6
	}
	return netip.Prefix{}
}

// Overlaps says whether two networks have an address in common, of either family.
func (n *Network) Overlaps(o *Network) bool {
	return n.Subnet.Overlaps(o.Subnet) || n.Subnet6.Overlaps(o.Subnet6)
}

// SameSubnets says whether two networks have the same subnets.
func (n *Network) SameSubnets(o *Network) bool { return n.Subnet == o.Subnet && n.Subnet6 == o.Subnet6 }

// applyDefaults6 is the part of ApplyDefaults that is about IPv6.
func (n *Network) applyDefaults6() {
	if n.Subnet6.IsValid() {
		n.Subnet6 = n.Subnet6.Masked()
		if !n.Gateway6.IsValid() {
			n.Gateway6 = n.Subnet6.Addr().Next()
		}
	}
	if n.Range6.IsValid() {
		n.Range6 = n.Range6.Masked()
	}
}

// validateSubnet6 is the part of Validate that is about IPv6.
func (n *Network) validateSubnet6() error {
	s := n.Subnet6
	if !s.IsValid() {
		if n.Gateway6.IsValid() || n.Range6.IsValid() {
			return &Error{Code: Invalid, Message: "network has an IPv6 gateway or range, and no IPv6 subnet", Hint: "give one, as in --subnet fd00:7::/64"}
		}
		return nil
	}
	a := s.Addr()
	switch {
	case !n.Driver.Is(Hotplug):
		return invalid("a network of driver %s has no IPv6", n.Driver)
	case !a.Is6() || a.Is4In6():
		return invalid("subnet %s is not IPv6", s)
	case s.Bits() < 8 || s.Bits() > 126:
		return invalid("subnet %s is not between /8 and /126", s)
	case a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast():
		return invalid("subnet %s is loopback, multicast, link-local or unspecified", s)
	case !s.Contains(n.Gateway6) || !n.IsHost(n.Gateway6):
		return invalid("gateway %s is not a host address of %s", n.Gateway6, s)
	case n.Range6.IsValid() && (n.Range6.Bits() < s.Bits() || !s.Contains(n.Range6.Addr())):
		return invalid("range %s is not inside %s", n.Range6, s)
	case n.MTU != 0 && n.MTU < MinMTU6:
		return invalid("mtu %d is below the %d bytes that IPv6 needs", n.MTU, MinMTU6)
	}
	return nil
}
