// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"strings"
)

// BridgePort is the OpenFlow port on every chassis behind which are the Linux bridges
// of its host, whose containers talk by routes with those of other networks.
const BridgePort uint32 = MaxPort + 4

// BridgeMAC is the Ethernet address of the host's end of that port: for the integration
// bridge all containers on the host's bridges have it.
func BridgeMAC() MAC { return MAC{0x02, 0xff, 0, 0, 0, 3} }

// BridgeDriver is what a LocalNetwork says of its driver that is a Linux bridge of
// ours: in Docker, and on a host without it.
const (
	BridgeDriver     = "linkspan-bridge"
	BareBridgeDriver = "bridge"
)

// Bridged returns a network of one host as the fabric knows it while its containers
// may talk with those of others; it has no number yet, and its name has that of its
// chassis before it. The error has code Invalid where no route can lead from it.
func Bridged(n *LocalNetwork, chassis string) (Network, error) {
	name := chassis + "/" + n.Name
	refused := func(why, hint string) error {
		return &Error{Code: Invalid, Message: "network " + name + " " + why, Hint: hint}
	}
	switch {
	case n.Driver != BridgeDriver && n.Driver != BareBridgeDriver:
		return Network{}, refused(
			fmt.Sprintf("is of driver %s and of host %s alone: no route can lead from it to another network", n.Driver, chassis),
			"make a network of driver linkspan or linkspan-bridge instead")
	case n.Internal:
		return Network{}, refused("is internal: its containers have no way out of it", "make the network without --internal")
	}
	for _, s := range n.Subnets {
		if !s.Subnet.Addr().Is4() {
			continue
		}
		b := Network{
			Name: name, Driver: Bridge, Chassis: n.Chassis, Local: n.ID, Subnet: s.Subnet, Gateway: s.Gateway, Labels: n.Labels,
		}
		b.ApplyDefaults()
		return b, b.Validate()
	}
	return Network{}, refused("has no IPv4 addresses", "make the network with an IPv4 subnet")
}

// OnBridge returns an endpoint of a network of one host as an endpoint of that network
// as the fabric knows it; nil when it has no number of a port, or no address.
func OnBridge(n *Network, e *LocalEndpoint) *Endpoint {
	if e.Port == 0 || !n.Leasable(e.Address) {
		return nil
	}
	return &Endpoint{
		Network: n.ID, Address: e.Address, Chassis: e.Chassis, ID: e.ID, MAC: BridgeMAC(), Port: e.Port, Driver: Bridge,
		Container: e.Container, Aliases: e.Aliases, Labels: e.Labels, Created: e.Created, Undescribed: e.Undescribed,
	}
}

// Out returns the OpenFlow port by which packets leave for the endpoint. Those of a
// host's bridges have ports of their own by number alone.
func (e *Endpoint) Out() uint32 {
	if e.Driver == Bridge {
		return BridgePort
	}
	return e.Port
}

// validateBridged is validateDriver for a network of one host.
func (n *Network) validateBridged() error {
	if n.Chassis == 0 || n.Local == "" {
		return invalid("network %s is of driver %s, and nobody says of which host", n.Name, n.Driver)
	}
	return nil
}

// validateName holds a network's name to its rules: that of one host's network is
// what the host calls it, behind the name of the chassis.
func (n *Network) validateName() error {
	if n.Driver == Bridge {
		return validateNetworkName(n.Name)
	}
	return ValidateName("network", n.Name)
}

// validateNetworkName says whether a network of the fabric may be called so, or one of
// a single host behind the name of that.
func validateNetworkName(name string) error {
	chassis, there, single := strings.Cut(name, "/")
	if !single {
		return ValidateName("network", name)
	}
	return firstOf(ValidateName("switch", chassis), ValidateName("network", there))
}

// Called says whether a person who says that name means the network: of one host's, its
// name there will do.
func (n *Network) Called(name string) bool {
	return n.Name == name || n.Driver == Bridge && n.NameThere() == name
}

// NameThere returns the network's name on its chassis.
func (n *Network) NameThere() string {
	if n.Driver != Bridge {
		return n.Name
	}
	_, there, _ := strings.Cut(n.Name, "/")
	return there
}
