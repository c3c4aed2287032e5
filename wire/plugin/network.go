// SPDX-License-Identifier: Apache-2.0

package plugin

import "errors"

// The scopes of GetCapabilities.
const (
	ScopeLocal  = "local"
	ScopeGlobal = "global"
)

// The keys of Options in CreateNetwork that Docker itself sets.
const (
	OptionGeneric    = "com.docker.network.generic" // what a person gave with -o
	OptionInternal   = "com.docker.network.internal"
	OptionEnableIPv4 = "com.docker.network.enable_ipv4"
	OptionEnableIPv6 = "com.docker.network.enable_ipv6"
)

// NetworkCapabilities answers NetworkDriver.GetCapabilities.
type NetworkCapabilities struct {
	Scope             string
	ConnectivityScope string `json:",omitempty"`
	GwAllocChecker    bool   `json:",omitempty"` // since 28.0
}

// GwAllocCheckRequest is the body of NetworkDriver.GwAllocCheck (since 28.0).
type GwAllocCheckRequest struct {
	Options map[string]any
}

// Validate accepts everything.
func (*GwAllocCheckRequest) Validate() error { return nil }

// GwAllocCheckResponse says for which family no gateway is to be reserved.
type GwAllocCheckResponse struct {
	SkipIPv4 bool
	SkipIPv6 bool
}

// IPAMData is one subnet of a network.
type IPAMData struct {
	AddressSpace string
	Pool         string            // CIDR
	Gateway      string            // CIDR; may be empty
	AuxAddresses map[string]string // name to CIDR
}

// CreateNetworkRequest is the body of NetworkDriver.CreateNetwork.
type CreateNetworkRequest struct {
	NetworkID string
	Options   map[string]any
	IPv4Data  []IPAMData
	IPv6Data  []IPAMData
}

// Validate asks for NetworkID.
func (r *CreateNetworkRequest) Validate() error { return need("NetworkID", r.NetworkID) }

// NetworkRequest is the body of DeleteNetwork and FreeNetwork.
type NetworkRequest struct {
	NetworkID string
}

// Validate asks for NetworkID.
func (r *NetworkRequest) Validate() error { return need("NetworkID", r.NetworkID) }

// AllocateNetworkRequest is the body of NetworkDriver.AllocateNetwork, which
// swarm managers send; Options is flat.
type AllocateNetworkRequest struct {
	NetworkID string
	Options   map[string]string
	IPv4Data  []IPAMData
	IPv6Data  []IPAMData
}

// Validate asks for NetworkID.
func (r *AllocateNetworkRequest) Validate() error { return need("NetworkID", r.NetworkID) }

// AllocateNetworkResponse has all options that a node shall see; those that
// are left out are lost.
type AllocateNetworkResponse struct {
	Options map[string]string
}

// DiscoveryRequest is the body of DiscoverNew and DiscoverDelete.
type DiscoveryRequest struct {
	DiscoveryType int
	DiscoveryData any
}

// Validate asks for DiscoveryType.
func (r *DiscoveryRequest) Validate() error {
	if r.DiscoveryType == 0 {
		return errors.New("request has no DiscoveryType")
	}
	return nil
}
