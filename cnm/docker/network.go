// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

func (s *Server) createNetwork(ctx context.Context, req *plugin.CreateNetworkRequest) (any, error) {
	n, err := s.networkOf(req)
	if err != nil {
		return nil, err
	}
	return plugin.Empty{}, s.options.Controller.CreateNetwork(ctx, n)
}

func (s *Server) deleteNetwork(ctx context.Context, req *plugin.NetworkRequest) (any, error) {
	return plugin.Empty{}, s.options.Controller.DeleteNetwork(ctx, req.NetworkID)
}

// networkOf reads the request. What cannot be had is refused here, the options
// of the driver by the driver.
func (s *Server) networkOf(req *plugin.CreateNetworkRequest) (cnm.NetworkRequest, error) {
	n := cnm.NetworkRequest{ID: req.NetworkID, Driver: s.options.Driver}
	if err := s.checkFamilies(req); err != nil {
		return n, err
	}
	if err := s.readSubnet(&n, req.IPv4Data[0]); err != nil {
		return n, err
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
	case v6 || len(req.IPv6Data) > 0:
		return refuse("IPv6 is not supported yet", "leave out --ipv6 and give IPv4 subnets only")
	case !v4 || len(req.IPv4Data) == 0:
		return refuse("a network needs IPv4", s.command("10.7.0.0/24"))
	case len(req.IPv4Data) > 1:
		return refuse("a network has one subnet", "give --subnet once, and make further networks for the others")
	}
	return nil
}

// readSubnet refuses the subnet of another IPAM driver: its addresses would
// not be unique over all hosts.
func (s *Server) readSubnet(n *cnm.NetworkRequest, data plugin.IPAMData) error {
	if data.AddressSpace != localSpace && data.AddressSpace != globalSpace {
		return refuse(fmt.Sprintf("a network of driver %s needs the ipam driver %[1]s too", s.options.Name), s.command(data.Pool))
	}
	var err error
	if n.Subnet, err = prefix("subnet", data.Pool); err != nil {
		return err
	}
	if n.Gateway, err = addressOf("gateway", data.Gateway); err != nil {
		return err
	}
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
	return fmt.Sprintf("type: docker network create -d %s --ipam-driver %[1]s --subnet %s NAME", s.options.Name, subnet)
}

func refuse(message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message, Hint: hint}
}
