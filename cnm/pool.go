// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
)

// Pool is the record of a subnet that addresses are taken from. It is made
// before the network that uses it, and claimed by that.
type Pool struct {
	ID        string            `json:"id"`
	IPAM      string            `json:"ipam"` // key in Options.IPAMs
	Subnet    netip.Prefix      `json:"subnet"`
	Space     string            `json:"space,omitempty"` // address space, where the IPAM has names for such
	Range     netip.Prefix      `json:"range,omitzero"`
	Options   map[string]string `json:"options,omitempty"` // what a person gave with --ipam-opt
	Gateway   netip.Addr        `json:"gateway,omitzero"`
	Reserved  []netip.Addr      `json:"reserved,omitempty"`   // auxiliary addresses
	ClaimedBy string            `json:"claimed_by,omitempty"` // Network.ID
	Created   time.Time         `json:"created"`
	Removing  *Removal          `json:"removing,omitempty"` // nil: in use
}

// PoolRequest is what a pool is made from.
type PoolRequest struct {
	IPAM    string       // key in Options.IPAMs
	Subnet  netip.Prefix // zero: the IPAM chooses
	Range   netip.Prefix // zero: all of the subnet
	Options map[string]string
	IPv6    bool

	// Taken has the subnets known on this host, for an IPAM that must choose;
	// the controller fills it.
	Taken []netip.Prefix
}

// Lease is the record of one container address.
type Lease struct {
	Pool      string             `json:"pool"`
	IPAM      string             `json:"ipam"`
	Fabric    linkspan.NetworkID `json:"fabric,omitzero"` // 0: the IPAM knows no fabric
	Address   netip.Prefix       `json:"address"`         // with the length of the subnet
	Container string             `json:"container,omitempty"`
	Endpoint  string             `json:"endpoint,omitempty"` // Endpoint.ID; empty: used by none
	Left      bool               `json:"left,omitempty"`     // an endpoint had it and is gone
	Since     time.Time          `json:"since"`              // when Endpoint was last set or cleared
	Removing  *Removal           `json:"removing,omitempty"` // nil: in use
}

// AddressKind says what an address is for.
type AddressKind uint8

// The kinds of addresses.
const (
	ContainerAddress AddressKind = iota // of an endpoint, unique in the network
	GatewayAddress                      // of the network itself
	AuxiliaryAddress                    // kept out of use; known to this pool only
)

// AddressRequest is what an IPAM gives an address for.
type AddressRequest struct {
	Pool      Pool
	Kind      AddressKind
	Want      netip.Addr         // zero: any
	Fabric    linkspan.NetworkID // of the network; 0 when the IPAM needs none
	Container string             // name of the container, where Docker tells it
}
