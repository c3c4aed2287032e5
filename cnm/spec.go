// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// DefaultIPAM is the IPAM of networks that name none.
const DefaultIPAM = "pool"

// NetworkSpec is what NewNetwork makes a network from.
type NetworkSpec struct {
	ID     string // empty: a random one
	Name   string // unique among the controller's networks
	Driver string // key in Options.Drivers
	IPAM   string // key in Options.IPAMs; empty: DefaultIPAM
	// Subnets has at most one of each family. Without one of IPv4 the IPAM
	// chooses it, unless NoIPv4; without one of IPv6 only where IPv6 is set.
	Subnets      []SubnetSpec
	IPv6, NoIPv4 bool
	AuxAddresses map[string]netip.Addr // kept out of use, by name
	Options      map[string]string     // the driver's
	IPAMOptions  map[string]string
	Labels       map[string]string
	Internal     bool // no way out and in
}

// SubnetSpec is one subnet of a network.
type SubnetSpec struct {
	Subnet  netip.Prefix // zero: the IPAM chooses
	Range   netip.Prefix // addresses are taken from here; zero: all of the subnet
	Gateway netip.Addr   // zero: the IPAM chooses
}

// EndpointSpec is what NewEndpoint makes an endpoint from.
type EndpointSpec struct {
	ID       string       // empty: a random one
	Name     string       // unique in the network; may be empty
	Network  string       // Network.ID
	Address  netip.Addr   // zero: any
	Address6 netip.Addr   // zero: any
	MAC      linkspan.MAC // zero: the driver chooses
	Options  map[string]string
	Priority int // of its gateway among those in its sandbox; the highest is used
}

// newID returns an id in the form of Docker's: 64 hexadecimal digits.
func newID() string {
	var id [32]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	return hex.EncodeToString(id[:])
}

// subnets returns the specs of IPv4 and IPv6, each nil when the network has
// none.
func (s NetworkSpec) subnets() (v4, v6 *SubnetSpec, err error) {
	for _, sub := range s.Subnets {
		family := &v4
		if sub.Subnet.IsValid() && sub.Subnet.Addr().Is6() {
			family = &v6
		}
		if *family != nil {
			return nil, nil, &linkspan.Error{
				Code: linkspan.Invalid, Message: "a network has one subnet of each family",
				Hint: "make further networks for the others",
			}
		}
		*family = &sub
	}
	if v4 != nil && s.NoIPv4 {
		return nil, nil, invalid("IPv4 is off, and subnet %s was given", v4.Subnet)
	}
	if v4 == nil && !s.NoIPv4 {
		v4 = &SubnetSpec{}
	}
	if v6 == nil && s.IPv6 {
		v6 = &SubnetSpec{}
	}
	if v4 == nil && v6 == nil {
		return nil, nil, invalid("IPv4 or IPv6 must be enabled")
	}
	return v4, v6, nil
}
