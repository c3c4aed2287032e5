// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

func (s *Server) createNetwork(ctx context.Context, req *plugin.CreateNetworkRequest) (any, error) {
	n, err := s.networkOf(req)
	if err != nil {
		return nil, err
	}
	if s.options.Swarm != nil { // a swarm's network has one id for good, and comes and goes with the tasks
		if err := s.options.Controller.Supersede(ctx, n); err != nil {
			return nil, err
		}
	}
	return plugin.Empty{}, s.options.Controller.CreateNetwork(ctx, n)
}

func (s *Server) deleteNetwork(ctx context.Context, req *plugin.NetworkRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.DeleteNetwork(ctx, req.NetworkID)
}

// networkOf reads the request. What cannot be had is refused here, the options
// of the driver by the driver.
func (s *Server) networkOf(req *plugin.CreateNetworkRequest) (cnm.NetworkRequest, error) {
	n := cnm.NetworkRequest{ID: req.NetworkID, Driver: s.options.Driver, Unpooled: s.options.IPAM == ""}
	if err := s.checkFamilies(req); err != nil {
		return n, err
	}
	for _, data := range slices.Concat(req.IPv4Data, req.IPv6Data) {
		if err := s.readSubnet(&n, data); err != nil {
			return n, err
		}
	}
	internal, err := flag(req.Options, plugin.OptionInternal, false)
	if err != nil {
		return n, err
	}
	n.Internal = internal
	n.Options, err = generic(req.Options)
	return n, err
}

func (s *Server) checkFamilies(req *plugin.CreateNetworkRequest) error {
	v4, err := flag(req.Options, plugin.OptionEnableIPv4, true)
	if err != nil {
		return err
	}
	v6, err := flag(req.Options, plugin.OptionEnableIPv6, false)
	switch {
	case err != nil:
		return err
	case !s.options.IPv6 && (v6 || len(req.IPv6Data) > 0):
		return refuse("networks of driver "+s.options.Name+" have no IPv6", "leave out --ipv6 and give IPv4 subnets only")
	case (s.options.IPv4 || !s.options.IPv6) && (!v4 || len(req.IPv4Data) == 0):
		return refuse("a network needs IPv4", s.command("10.7.0.0/24"))
	case len(req.IPv4Data)+len(req.IPv6Data) == 0:
		return refuse("a network needs a subnet", "leave out --ipv4=false, or give --ipv6")
	case len(req.IPv4Data) > 1 || len(req.IPv6Data) > 1:
		return refuse(s.oneSubnet(), "give --subnet once, and make further networks for the others")
	}
	return nil
}

func (s *Server) oneSubnet() string {
	if s.options.IPv6 {
		return "a network has one subnet of each family"
	}
	return "a network has one subnet"
}

// readSubnet refuses the subnet of another IPAM driver where the driver's
// networks need ours: its addresses would not be unique over all hosts.
func (s *Server) readSubnet(n *cnm.NetworkRequest, data plugin.IPAMData) error {
	if s.options.IPAM != "" && data.AddressSpace != localSpace && data.AddressSpace != globalSpace {
		return refuse(fmt.Sprintf("a network of driver %s needs the ipam driver %s%s", s.options.Name, s.options.IPAMName, s.too()), s.command(data.Pool))
	}
	subnet, err := prefix("subnet", data.Pool)
	if err != nil {
		return err
	}
	gateway, err := addressOf("gateway", data.Gateway)
	if err != nil {
		return err
	}
	if subnet.IsValid() && subnet.Addr().Is6() {
		n.Subnet6, n.Gateway6 = subnet, gateway
	} else {
		n.Subnet, n.Gateway = subnet, gateway
	}
	return readAux(n, data)
}

func (s *Server) too() string {
	if s.options.IPAMName == s.options.Name {
		return " too"
	}
	return ""
}

func readAux(n *cnm.NetworkRequest, data plugin.IPAMData) error {
	for name, text := range data.AuxAddresses {
		address, err := addressOf("auxiliary address "+name, text)
		if err != nil {
			return err
		}
		if n.AuxAddresses == nil {
			n.AuxAddresses = make(map[string]netip.Addr)
		}
		n.AuxAddresses[name] = address
	}
	return nil
}

// command is what to type instead, with the subnet that was asked for if it
// is one that a network can have.
func (s *Server) command(subnet string) string {
	example := linkspan.Network{Name: "example"}
	example.Subnet, _ = netip.ParsePrefix(subnet)
	example.ApplyDefaults()
	if example.Validate() != nil {
		subnet = "10.7.0.0/24"
	}
	return fmt.Sprintf("type: docker network create -d %s --ipam-driver %s --subnet %s NAME", s.options.Name, s.options.IPAMName, subnet)
}

func refuse(message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message, Hint: hint}
}
