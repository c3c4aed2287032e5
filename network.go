// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// NetworkID is the number of a network: 24 bits, given by the store, never 0.
// It is what the datapath knows of a network (register, tunnel header).
type NetworkID uint32

// MaxNetworkID is the largest network number, 2^24-1.
const MaxNetworkID NetworkID = 1<<24 - 1

// String returns six hexadecimal digits, the form used in keys and on screen.
func (id NetworkID) String() string { return fmt.Sprintf("%06x", uint32(id)) }

// ParseNetworkID reads the form that String writes.
func ParseNetworkID(s string) (NetworkID, error) {
	n, err := strconv.ParseUint(s, 16, 24)
	if err != nil || n == 0 || len(s) != 6 {
		return 0, invalid("network id %q is not six hexadecimal digits", s)
	}
	return NetworkID(n), nil
}

// Limits and defaults of a network's options.
const (
	DefaultIdle = 30 * time.Second // a route idle for so long is unplugged
	MinIdle     = time.Second
	MaxIdle     = 65535 * time.Second // OpenFlow 1.3.5, 7.3.4.1: idle_timeout is 16 bits of seconds
	MinMTU      = 576                 // RFC 791: what every host must accept
	MaxMTU      = 65535
)

// Network is one address space that exists under one name on every chassis.
type Network struct {
	ID        NetworkID             `json:"id"`
	Name      string                `json:"name"`
	Driver    Driver                `json:"driver,omitempty"` // never changes; empty: Hotplug
	Subnet    netip.Prefix          `json:"subnet"`           // masked; IPv4 only, /8 to /30
	Gateway   netip.Addr            `json:"gateway"`          // an address of Subnet; never leased
	Range     netip.Prefix          `json:"range,omitzero"`   // leases come from here; zero is all of Subnet
	Subnet6   netip.Prefix          `json:"subnet6,omitzero"` // IPv6, beside Subnet; masked; zero: the network has none
	Gateway6  netip.Addr            `json:"gateway6,omitzero"`
	Range6    netip.Prefix          `json:"range6,omitzero"`
	Idle      time.Duration         `json:"idle"`          // whole seconds, MinIdle to MaxIdle
	MTU       int                   `json:"mtu,omitzero"`  // bytes at the container; 0: computed from the transport
	Aux       map[string]netip.Addr `json:"aux,omitempty"` // by name, for things that are no containers; never leased
	Internal  bool                  `json:"internal,omitzero"`
	Transport Transport             `json:"transport,omitempty"` // asked for; empty: Auto
	Limits    Limits                `json:"limits,omitzero"`     // of each endpoint that has none of its own
	Labels    map[string]string     `json:"labels,omitempty"`
	Created   time.Time             `json:"created"`
	Creator   string                `json:"creator,omitempty"` // the identity that created it
	Removing  bool                  `json:"removing,omitzero"` // being removed; takes no new endpoint
	Chassis   ChassisID             `json:"chassis,omitzero"`  // of a Bridge: that has it alone
	Local     string                `json:"local,omitempty"`   // of a Bridge: LocalNetwork.ID there
}

// ApplyDefaults fills what a person may leave out: the mask of the subnet, the
// first host address as gateway, the idle time.
func (n *Network) ApplyDefaults() {
	if n.Subnet.IsValid() {
		n.Subnet = n.Subnet.Masked()
		if !n.Gateway.IsValid() {
			n.Gateway = n.Subnet.Addr().Next()
		}
	}
	if n.Range.IsValid() {
		n.Range = n.Range.Masked()
	}
	n.applyDefaults6()
	if n.Idle == 0 {
		n.Idle = DefaultIdle
	}
	if n.Transport == Auto {
		n.Transport = ""
	}
	if n.Driver == Hotplug {
		n.Driver = ""
	}
}

// Validate says whether n can be created. The error has code Invalid and tells
// which field is wrong and what it may be.
func (n *Network) Validate() error {
	if err := n.validateName(); err != nil {
		return err
	}
	if err := n.validateSubnet(); err != nil {
		return err
	}
	if err := n.validateSubnet6(); err != nil {
		return err
	}
	if n.Idle < MinIdle || n.Idle > MaxIdle || n.Idle%time.Second != 0 {
		return invalid("idle time %s is not a whole number of seconds from %s to %s", n.Idle, MinIdle, MaxIdle)
	}
	if n.MTU != 0 && (n.MTU < MinMTU || n.MTU > MaxMTU) {
		return invalid("mtu %d is not between %d and %d", n.MTU, MinMTU, MaxMTU)
	}
	if err := n.Transport.ValidateWish(); err != nil {
		return err
	}
	if err := n.Limits.Validate(); err != nil {
		return err
	}
	if err := n.validateDriver(); err != nil {
		return err
	}
	if len(n.Aux) > MaxLabels {
		return invalid("network has %d auxiliary addresses, at most %d are allowed", len(n.Aux), MaxLabels)
	}
	if err := ValidateLabels("network "+n.Name, n.Labels); err != nil {
		return err
	}
	return n.validateAux()
}

func (n *Network) validateAux() error {
	for name, a := range n.Aux {
		if name == "" || !n.IsHost(a) || n.IsGateway(a) {
			return &Error{
				Code: Invalid, Message: fmt.Sprintf("auxiliary address %s=%s is not one that a host of %s may bear", name, a, n.SubnetText()),
				Hint: "give a name and an address of the subnet other than the gateway, as in --aux-address nas=10.7.0.5",
			}
		}
	}
	return nil
}

func (n *Network) validateSubnet() error {
	switch {
	case !n.Subnet.IsValid():
		return &Error{Code: Invalid, Message: "network has no subnet", Hint: "give one, as in --subnet 10.7.0.0/24"}
	case !n.Subnet.Addr().Is4():
		return invalid("subnet %s is not IPv4", n.Subnet)
	case n.Subnet.Bits() < 8 || n.Subnet.Bits() > 30:
		return invalid("subnet %s is not between /8 and /30", n.Subnet)
	case n.Subnet.Addr().IsLoopback() || n.Subnet.Addr().IsMulticast() || n.Subnet.Addr().IsUnspecified():
		return invalid("subnet %s is loopback, multicast or unspecified", n.Subnet)
	case !n.Subnet.Contains(n.Gateway) || !n.IsHost(n.Gateway):
		return invalid("gateway %s is not a host address of %s", n.Gateway, n.Subnet)
	case n.Range.IsValid() && (n.Range.Bits() < n.Subnet.Bits() || !n.Subnet.Contains(n.Range.Addr())):
		return invalid("range %s is not inside %s", n.Range, n.Subnet)
	}
	return nil
}

// IsHost says whether a is an address of a subnet that a host may bear: not the
// network's own (in IPv6 that of all its routers, RFC 4291, 2.6.1) and not the
// last one, the broadcast address (RFC 1122, 3.2.1.3).
func (n *Network) IsHost(a netip.Addr) bool {
	p := n.SubnetOf(a)
	return p.IsValid() && a != p.Masked().Addr() && a != LastAddr(p)
}

// Leasable says whether a may be leased to a container: a host's address that
// is neither the gateway's nor an auxiliary one.
func (n *Network) Leasable(a netip.Addr) bool {
	for _, aux := range n.Aux {
		if a == aux {
			return false
		}
	}
	return n.IsHost(a) && !n.IsGateway(a)
}

// LastAddr returns the highest address of p, the broadcast address for IPv4.
func LastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: Invalid, Message: fmt.Sprintf(format, args...)}
}
