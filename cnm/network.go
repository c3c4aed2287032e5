// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
)

// Network is the record of a network on this host. Records are values: those
// handed out share their maps with the controller and must not be changed.
type Network struct {
	ID           string                `json:"id"`     // Docker's network id
	Driver       string                `json:"driver"` // key in Options.Drivers
	Fabric       linkspan.NetworkID    `json:"fabric,omitzero"`
	Name         string                `json:"name,omitempty"` // in the fabric, empty until bound; or as NewNetwork or DescribeNetwork was given it
	Subnet       netip.Prefix          `json:"subnet,omitzero"`
	Gateway      netip.Addr            `json:"gateway,omitzero"`
	PoolID       string                `json:"pool_id,omitempty"`
	Range        netip.Prefix          `json:"range,omitzero"`
	Subnet6      netip.Prefix          `json:"subnet6,omitzero"` // the second family, if it has one
	Gateway6     netip.Addr            `json:"gateway6,omitzero"`
	PoolID6      string                `json:"pool_id6,omitempty"`
	Range6       netip.Prefix          `json:"range6,omitzero"`
	Space        string                `json:"space,omitempty"`   // address space of its IPAM, where that has a name
	Options      map[string]string     `json:"options,omitempty"` // what a person gave with -o
	Internal     bool                  `json:"internal,omitzero"`
	AuxAddresses map[string]netip.Addr `json:"aux_addresses,omitempty"`
	MTU          int                   `json:"mtu,omitzero"`        // of the fabric's network, bytes; 0: not set there
	Transport    linkspan.Transport    `json:"transport,omitempty"` // of the fabric's network; empty: auto
	Limits       linkspan.Limits       `json:"limits,omitzero"`     // of the fabric's network
	Labels       map[string]string     `json:"labels,omitempty"`    // as NewNetwork or DescribeNetwork was given them
	Own          bool                  `json:"own,omitzero"`        // made by NewNetwork and not by Docker
	Created      time.Time             `json:"created"`
	Removing     *Removal              `json:"removing,omitempty"` // nil: in use
}

// PoolOf returns the id of the network's pool that an address would be of, or "".
func (n Network) PoolOf(a netip.Addr) string {
	if a.Is4() {
		return n.PoolID
	}
	return n.PoolID6
}

// Bound says whether the network is tied to one of the fabric.
func (n Network) Bound() bool { return n.Fabric != 0 }

// NetworkRequest is what a network is created from.
type NetworkRequest struct {
	ID           string
	Driver       string
	Name         string       // empty: known by its id only
	Subnet       netip.Prefix // finds the pool that the network claims
	Gateway      netip.Addr   // zero: the pool's
	Subnet6      netip.Prefix // as Subnet, of IPv6; zero: none
	Gateway6     netip.Addr
	Unpooled     bool // its subnets are those of an IPAM that the controller does not know
	AuxAddresses map[string]netip.Addr
	Options      map[string]string
	Labels       map[string]string
	Internal     bool
	Own          bool // it is nobody's but the caller's: Reconcile leaves it alone
}
