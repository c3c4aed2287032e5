// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// The keys of Options in CreateEndpoint, Join and ProgramExternalConnectivity
// that Docker itself knows.
const (
	OptionPortMap      = "com.docker.network.portmap"
	OptionExposedPorts = "com.docker.network.endpoint.exposedports"
	OptionIfname       = "com.docker.network.endpoint.ifname" // a person's wish, not Docker's
)

// Interface is the interface of an endpoint. An answer may only have what the
// request left empty.
type Interface struct {
	Address     string `json:",omitempty"` // CIDR
	AddressIPv6 string `json:",omitempty"` // CIDR
	MacAddress  string `json:",omitempty"`
}

// CreateEndpointRequest is the body of NetworkDriver.CreateEndpoint.
type CreateEndpointRequest struct {
	NetworkID  string
	EndpointID string
	Interface  Interface
	Options    map[string]any
}

// Validate asks for both ids.
func (r *CreateEndpointRequest) Validate() error {
	return cmp.Or(need("NetworkID", r.NetworkID), need("EndpointID", r.EndpointID))
}

// CreateEndpointResponse may leave Interface out.
type CreateEndpointResponse struct {
	Interface *Interface `json:",omitempty"`
}

// EndpointRequest is the body of DeleteEndpoint, EndpointOperInfo, Leave and
// RevokeExternalConnectivity.
type EndpointRequest struct {
	NetworkID  string
	EndpointID string
}

// Validate asks for both ids.
func (r *EndpointRequest) Validate() error {
	return cmp.Or(need("NetworkID", r.NetworkID), need("EndpointID", r.EndpointID))
}

// EndpointInfo answers EndpointOperInfo.
type EndpointInfo struct {
	Value map[string]any
}

// JoinRequest is the body of NetworkDriver.Join. SandboxKey need not exist yet
// (before 28).
type JoinRequest struct {
	NetworkID  string
	EndpointID string
	SandboxKey string
	Options    map[string]any
}

// Validate asks for ids and sandbox.
func (r *JoinRequest) Validate() error {
	return cmp.Or(need("NetworkID", r.NetworkID), need("EndpointID", r.EndpointID), need("SandboxKey", r.SandboxKey))
}

// InterfaceName names a link of the host's namespace and what it shall be
// called in the sandbox, less a number that Docker adds.
type InterfaceName struct {
	SrcName   string
	DstPrefix string
}

// The kinds of static routes.
const (
	RouteNextHop   = 0
	RouteConnected = 1
)

// StaticRoute is a route for the sandbox.
type StaticRoute struct {
	Destination string // CIDR
	RouteType   int
	NextHop     string `json:",omitempty"`
}

// JoinResponse says what goes into the sandbox. Without gateway, on a network
// that is not internal, Docker adds an interface of its own unless
// DisableGatewayService is set.
type JoinResponse struct {
	InterfaceName         InterfaceName
	Gateway               string        `json:",omitempty"`
	GatewayIPv6           string        `json:",omitempty"`
	StaticRoutes          []StaticRoute `json:",omitempty"`
	DisableGatewayService bool          `json:",omitempty"`
}

// ExternalConnectivityRequest is the body of ProgramExternalConnectivity.
type ExternalConnectivityRequest struct {
	NetworkID  string
	EndpointID string
	Options    map[string]any
}

// Validate asks for both ids.
func (r *ExternalConnectivityRequest) Validate() error {
	return cmp.Or(need("NetworkID", r.NetworkID), need("EndpointID", r.EndpointID))
}

// PortBinding is one published port: Proto is 6 (TCP), 17 (UDP) or 132 (SCTP),
// HostPort 0 means any.
type PortBinding struct {
	Proto       uint8
	IP          string
	Port        uint16
	HostIP      string
	HostPort    uint16
	HostPortEnd uint16
}

// PortBindings returns the published ports of an endpoint's options.
func PortBindings(options map[string]any) ([]PortBinding, error) {
	value, ok := options[OptionPortMap]
	if !ok || value == nil {
		return nil, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var bindings []PortBinding
	if err := json.Unmarshal(text, &bindings); err != nil {
		return nil, fmt.Errorf("read %s: %w", OptionPortMap, err)
	}
	return bindings, nil
}
