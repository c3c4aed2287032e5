// SPDX-License-Identifier: Apache-2.0

package plugin

import "cmp"

// The keys of Options in RequestAddress that Docker itself sets.
const (
	OptionAddressType  = "RequestAddressType"
	OptionMAC          = "com.docker.network.endpoint.macaddress"
	OptionEndpointName = "com.docker.network.endpoint.name" // since 29: the container's
	OptionSerial       = "com.docker.network.ipam.serial"   // by swarm managers

	// AddressTypeGateway is the value of OptionAddressType for a gateway.
	AddressTypeGateway = "com.docker.network.gateway"
)

// IpamCapabilities answers IpamDriver.GetCapabilities.
type IpamCapabilities struct {
	RequiresMACAddress    bool
	RequiresRequestReplay bool
}

// AddressSpaces answers IpamDriver.GetDefaultAddressSpaces.
type AddressSpaces struct {
	LocalDefaultAddressSpace  string
	GlobalDefaultAddressSpace string
}

// RequestPoolRequest is the body of IpamDriver.RequestPool.
type RequestPoolRequest struct {
	AddressSpace string
	Pool         string // CIDR; empty: the plugin chooses
	SubPool      string // CIDR; may be empty
	Options      map[string]string
	V6           bool
}

// Validate asks for AddressSpace.
func (r *RequestPoolRequest) Validate() error { return need("AddressSpace", r.AddressSpace) }

// RequestPoolResponse has the pool as it is now.
type RequestPoolResponse struct {
	PoolID string
	Pool   string // CIDR
	Data   map[string]string
}

// ReleasePoolRequest is the body of IpamDriver.ReleasePool.
type ReleasePoolRequest struct {
	PoolID string
}

// Validate asks for PoolID.
func (r *ReleasePoolRequest) Validate() error { return need("PoolID", r.PoolID) }

// RequestAddressRequest is the body of IpamDriver.RequestAddress.
type RequestAddressRequest struct {
	PoolID  string
	Address string // empty: any
	Options map[string]string
}

// Validate asks for PoolID.
func (r *RequestAddressRequest) Validate() error { return need("PoolID", r.PoolID) }

// RequestAddressResponse has the address with the length of its subnet.
type RequestAddressResponse struct {
	Address string // CIDR
	Data    map[string]string
}

// ReleaseAddressRequest is the body of IpamDriver.ReleaseAddress.
type ReleaseAddressRequest struct {
	PoolID  string
	Address string
}

// Validate asks for both.
func (r *ReleaseAddressRequest) Validate() error {
	return cmp.Or(need("PoolID", r.PoolID), need("Address", r.Address))
}
