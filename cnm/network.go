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
	Name         string                `json:"name,omitempty"` // in the fabric; empty until bound
	Subnet       netip.Prefix          `json:"subnet,omitzero"`
	Gateway      netip.Addr            `json:"gateway,omitzero"`
	PoolID       string                `json:"pool_id,omitempty"`
	Range        netip.Prefix          `json:"range,omitzero"`
	Options      map[string]string     `json:"options,omitempty"` // what a person gave with -o
	Internal     bool                  `json:"internal,omitzero"`
	AuxAddresses map[string]netip.Addr `json:"aux_addresses,omitempty"`
	MTU          int                   `json:"mtu,omitzero"`        // of the fabric's network, bytes; 0: not set there
	Transport    linkspan.Transport    `json:"transport,omitempty"` // of the fabric's network; empty: auto
	Created      time.Time             `json:"created"`
	Removing     *Removal              `json:"removing,omitempty"` // nil: in use
}

// Bound says whether the network is tied to one of the fabric.
func (n Network) Bound() bool { return n.Fabric != 0 }

// NetworkRequest is what a network is created from.
type NetworkRequest struct {
	ID           string
	Driver       string
	Subnet       netip.Prefix // finds the pool that the network claims
	Gateway      netip.Addr   // zero: the pool's
	AuxAddresses map[string]netip.Addr
	Options      map[string]string
	Internal     bool
}
