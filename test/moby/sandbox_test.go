// SPDX-License-Identifier: Apache-2.0

package moby_test

import (
	"errors"
	"net"

	"github.com/moby/moby/v2/daemon/libnetwork/driverapi"
	"github.com/moby/moby/v2/daemon/libnetwork/types"
)

// iface is an endpoint's interface as libnetwork hands it to a driver: what it
// has, a driver may not set.
type iface struct {
	mac    net.HardwareAddr
	v4, v6 *net.IPNet
}

var _ driverapi.InterfaceInfo = (*iface)(nil)

func (i *iface) MacAddress() net.HardwareAddr { return i.mac }
func (i *iface) Address() *net.IPNet          { return i.v4 }
func (i *iface) AddressIPv6() *net.IPNet      { return i.v6 }
func (i *iface) NetnsPath() string            { return "" }
func (i *iface) SetCreatedInContainer(bool)   {}

func (i *iface) SetMacAddress(mac net.HardwareAddr) error {
	if i.mac != nil {
		return errors.New("it has a MAC address")
	}
	i.mac = mac
	return nil
}

func (i *iface) SetIPAddress(address *net.IPNet) error {
	field := &i.v4
	if address.IP.To4() == nil {
		field = &i.v6
	}
	if *field != nil {
		return errors.New("it has an address")
	}
	*field = address
	return nil
}

// sandbox takes what a driver answers to Join. When deaf is set it takes no
// name.
type sandbox struct {
	deaf      error
	Names     []string // source, prefix and name
	Gateways  []string
	Routes    []string
	NoService bool // no second interface for the way out
}

var (
	_ driverapi.JoinInfo          = (*sandbox)(nil)
	_ driverapi.InterfaceNameInfo = (*sandbox)(nil)
)

func (s *sandbox) InterfaceName() driverapi.InterfaceNameInfo { return s }
func (s *sandbox) DisableGatewayService()                     { s.NoService = true }
func (s *sandbox) ForceGw4()                                  {}
func (s *sandbox) ForceGw6()                                  {}

func (s *sandbox) SetNames(source, prefix, name string) error {
	s.Names = []string{source, prefix, name}
	return s.deaf
}

func (s *sandbox) SetGateway(gateway net.IP) error {
	s.Gateways = append(s.Gateways, gateway.String())
	return nil
}

func (s *sandbox) SetGatewayIPv6(gateway net.IP) error { return s.SetGateway(gateway) }

func (s *sandbox) AddStaticRoute(to *net.IPNet, kind types.RouteType, hop net.IP) error {
	route := to.String() + " connected"
	if kind == types.NEXTHOP {
		route = to.String() + " via " + hop.String()
	}
	s.Routes = append(s.Routes, route)
	return nil
}

func (s *sandbox) AddTableEntry(string, string, []byte) error {
	return errors.New("there is no gossip")
}

// cidr is an address with its length, as libnetwork has them.
func cidr(text string) *net.IPNet {
	n, err := types.ParseCIDR(text)
	if err != nil {
		panic(err) // a constant of the test
	}
	return n
}
