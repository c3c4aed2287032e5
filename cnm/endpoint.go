// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
)

// EndpointState says how far an endpoint has come.
type EndpointState string

// The states of an endpoint.
const (
	Created EndpointState = "created" // it has address and MAC, and is in no sandbox
	Joined  EndpointState = "joined"  // it is in a sandbox
)

// Endpoint is the record of a container's attachment to a network.
type Endpoint struct {
	ID            string            `json:"id"`             // Docker's endpoint id
	Network       string            `json:"network"`        // Network.ID
	Name          string            `json:"name,omitempty"` // as NewEndpoint was given it, unique in the network
	Address       netip.Prefix      `json:"address"`        // with the length of the subnet
	Address6      netip.Prefix      `json:"address6,omitzero"`
	MAC           linkspan.MAC      `json:"mac,omitzero"`
	SandboxKey    string            `json:"sandbox_key,omitempty"`
	HostInterface string            `json:"host_interface,omitempty"`
	Interface     string            `json:"interface,omitempty"` // in a sandbox of the controller's own
	Port          uint32            `json:"port,omitzero"`       // OpenFlow port number
	PortMaps      []PortMap         `json:"port_maps,omitempty"` // asked for
	Published     []PortMap         `json:"published,omitempty"` // what the driver made of them
	Options       map[string]string `json:"options,omitempty"`   // what a person gave with --driver-opt
	Limits        linkspan.Limits   `json:"limits,omitzero"`     // as the driver holds it to
	Container     string            `json:"container,omitempty"`
	Aliases       []string          `json:"aliases,omitempty"` // other names in the network, sorted
	Labels        map[string]string `json:"labels,omitempty"`
	State         EndpointState     `json:"state"`
	Seen          bool              `json:"seen,omitempty"`       // Docker showed it in a container
	Attachment    *Attachment       `json:"attachment,omitempty"` // what Join answered
	Priority      int               `json:"priority,omitzero"`    // of its gateway in its sandbox
	Own           bool              `json:"own,omitzero"`         // made by NewEndpoint: its addresses go with it
	Created       time.Time         `json:"created"`
	Leaving       *Removal          `json:"leaving,omitempty"`  // a Leave that has yet to succeed
	Removing      *Removal          `json:"removing,omitempty"` // nil: in use
}

// PortMap is one published port, as Docker describes it.
type PortMap struct {
	Proto       uint8  `json:"proto"` // 6 TCP, 17 UDP, 132 SCTP
	Port        uint16 `json:"port"`
	HostIP      string `json:"host_ip,omitempty"`
	HostPort    uint16 `json:"host_port,omitzero"` // 0: any
	HostPortEnd uint16 `json:"host_port_end,omitzero"`
}

// EndpointRequest is what an endpoint is created from.
type EndpointRequest struct {
	ID       string
	Network  string
	Name     string // empty: known by its id only
	Address  netip.Prefix
	Address6 netip.Prefix
	MAC      linkspan.MAC // zero: the driver chooses
	Options  map[string]string
	Priority int  // of its gateway in its sandbox
	Own      bool // its addresses go with it, and Reconcile leaves it alone
}

// Undescribed says that Docker, which has the endpoint, has yet to tell of which container
// it is. Of the controller's own endpoints nothing more is awaited.
func (e Endpoint) Undescribed() bool { return !e.Seen && !e.Own }

// Addresses returns the addresses that the endpoint has, IPv4 first.
func (e Endpoint) Addresses() []netip.Prefix {
	var has []netip.Prefix
	for _, p := range []netip.Prefix{e.Address, e.Address6} {
		if p.IsValid() {
			has = append(has, p)
		}
	}
	return has
}

// Attachment is what a sandbox needs to take an endpoint in.
type Attachment struct {
	SrcName   string     `json:"src_name"`         // interface in the host's namespace, to be moved; empty: none
	DstPrefix string     `json:"dst_prefix"`       // name in the sandbox, without its number
	Gateway   netip.Addr `json:"gateway,omitzero"` // zero: none
	Gateway6  netip.Addr `json:"gateway6,omitzero"`
	Routes    []Route    `json:"routes,omitempty"` // beside the one of the subnet
}

// Route is a static route in a sandbox.
type Route struct {
	Destination netip.Prefix `json:"destination"`
	NextHop     netip.Addr   `json:"next_hop,omitzero"` // zero: directly connected
}

// called is what a person knows the endpoint by.
func (e Endpoint) called() string {
	switch {
	case e.Name != "":
		return e.Name
	case e.Address.IsValid():
		return e.Address.Addr().String()
	case e.Address6.IsValid():
		return e.Address6.Addr().String()
	}
	return short(e.ID)
}
