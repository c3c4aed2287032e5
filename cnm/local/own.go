// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
)

// The words that a person has for the scope of these networks, and for the IPAM
// that they have when none is named.
const (
	scopeLocal  = "local"
	ipamDefault = "default"
)

func (h *Host) ownList() []*apiv1.HostNetwork {
	var list []*apiv1.HostNetwork
	for _, n := range h.cfg.Model.Networks() {
		if isLocal(n) {
			list = append(list, h.ownMessage(n))
		}
	}
	return list
}

func (h *Host) ownGet(req *apiv1.HostServiceGetNetworkRequest) (*apiv1.HostNetwork, error) {
	n, err := h.findOwn(req.GetNetwork())
	if err == nil && req.GetScope() != "" && req.GetScope() != scopeLocal {
		err = noNetwork(req.GetNetwork())
	}
	if err != nil {
		return nil, err
	}
	return h.ownMessage(n), nil
}

// ownCreate makes a network of this host.
func (h *Host) ownCreate(ctx context.Context, n *apiv1.HostNetwork, noIPv4 bool) (string, error) {
	spec, err := h.specOf(n)
	if err != nil {
		return "", err
	}
	spec.NoIPv4 = noIPv4
	made, err := h.cfg.Model.NewNetwork(ctx, spec)
	return made.ID, plain(err)
}

// specOf reads what a person asked for.
func (h *Host) specOf(n *apiv1.HostNetwork) (cnm.NetworkSpec, error) {
	spec := cnm.NetworkSpec{
		Name: n.GetName(), Driver: n.GetDriver(), IPv6: n.GetIpv6(), Internal: n.GetInternal(),
		Options: n.GetOptions(), IPAMOptions: n.GetIpamOptions(), Labels: n.GetLabels(),
	}
	if err := h.nameFree(n.GetName()); err != nil {
		return spec, err
	}
	if err := h.checkKind(n); err != nil {
		return spec, err
	}
	if err := linkspan.ValidateLabels("network "+n.GetName(), n.GetLabels()); err != nil {
		return spec, err
	}
	switch n.GetIpamDriver() {
	case "", ipamDefault:
	case "null":
		spec.IPAM = "null"
	default:
		if err := h.plugin(n.GetIpamDriver()); err != nil {
			return spec, err
		}
		spec.IPAM = n.GetIpamDriver()
	}
	return spec, readSubnets(n, &spec)
}

func (h *Host) nameFree(name string) error {
	if isPredefined(name) {
		return onPredefined(name)
	}
	if err := linkspan.ValidateName("network", name); err != nil {
		return err
	}
	if slices.ContainsFunc(h.cfg.Fabric.Networks(), func(f linkspan.Network) bool { return f.Name == name }) {
		return nameTaken(name)
	}
	return nil
}

// checkKind refuses what is no network of this host.
func (h *Host) checkKind(n *apiv1.HostNetwork) error {
	switch {
	case !slices.Contains(h.cfg.Drivers, n.GetDriver()) && h.plugin(n.GetDriver()) != nil:
		return h.plugin(n.GetDriver())
	case n.GetScope() != "" && n.GetScope() != scopeLocal:
		return refuse("leave out --scope", "networks of driver %s have scope local, not %s", n.GetDriver(), n.GetScope())
	case n.GetIngress():
		return refuse("leave out --ingress", "the ingress network is of a swarm, and this host has no Docker")
	case n.GetConfigOnly() || n.GetConfigFrom() != "":
		return refuse("give the network its settings itself", "config-only networks are Docker's, and this host has no Docker")
	}
	return nil
}

// plugin refuses the name of a plugin that there is not.
func (h *Host) plugin(name string) error {
	if h.cfg.Plugin != nil {
		return h.cfg.Plugin(name)
	}
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: fmt.Sprintf("plugin %q not found", name),
		Hint: fmt.Sprintf("the drivers of this host are %v", h.cfg.Drivers),
	}
}

// readSubnets reads the subnets of a network.
func readSubnets(n *apiv1.HostNetwork, spec *cnm.NetworkSpec) error {
	for _, s := range n.GetSubnets() {
		subnet, err := netip.ParsePrefix(s.GetSubnet())
		if err != nil {
			return refuse("", "invalid subnet %s", s.GetSubnet())
		}
		if subnet.Addr().Is6() && !spec.IPv6 {
			return refuse("give --ipv6 too", "subnet %s is IPv6, which is not enabled", subnet)
		}
		if subnet != subnet.Masked() {
			return refuse("", "invalid subnet %s: it should be %s", subnet, subnet.Masked())
		}
		one := cnm.SubnetSpec{Subnet: subnet}
		if err := readInside(subnet, s, &one); err != nil {
			return err
		}
		spec.Subnets = append(spec.Subnets, one)
		for name, text := range s.GetAux() {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return refuse("", "invalid auxiliary address %s", text)
			}
			if spec.AuxAddresses == nil {
				spec.AuxAddresses = make(map[string]netip.Addr)
			}
			spec.AuxAddresses[name] = a
		}
	}
	return nil
}

// readInside reads what lies in a subnet.
func readInside(subnet netip.Prefix, s *apiv1.HostSubnet, one *cnm.SubnetSpec) (err error) {
	if s.GetRange() != "" {
		if one.Range, err = netip.ParsePrefix(s.GetRange()); err != nil {
			return refuse("", "invalid ip-range %s", s.GetRange())
		}
		one.Range = one.Range.Masked()
		if one.Range.Bits() < subnet.Bits() || !subnet.Contains(one.Range.Addr()) {
			return refuse("", "no matching subnet for range %s", s.GetRange())
		}
	}
	if s.GetGateway() != "" {
		if one.Gateway, err = netip.ParseAddr(s.GetGateway()); err != nil {
			return refuse("", "invalid gateway address %s", s.GetGateway())
		}
		if !subnet.Contains(one.Gateway) {
			return refuse("", "no matching subnet for gateway %s", s.GetGateway())
		}
	}
	return nil
}

// ownRemove removes a network of this host.
func (h *Host) ownRemove(ctx context.Context, said string) error {
	n, err := h.findOwn(said)
	if err != nil {
		return err
	}
	for e := range h.cfg.Model.WalkEndpoints(n.ID) {
		return &linkspan.Error{
			Code:    linkspan.InUse,
			Message: fmt.Sprintf("error while removing network: network %s has active endpoints (name:%q id:%q)", n.Name, e.Name, e.ID[:min(12, len(e.ID))]),
			Hint:    "disconnect its sandboxes first: linkspan network disconnect " + n.Name + " " + e.Name,
		}
	}
	return plain(h.cfg.Model.DeleteNetwork(ctx, n.ID))
}

// ownMessage tells all of a network.
func (h *Host) ownMessage(n cnm.Network) *apiv1.HostNetwork {
	m := &apiv1.HostNetwork{
		Id: n.ID, Name: n.Name, Driver: n.Driver, Scope: scopeLocal, Internal: n.Internal, Attachable: true, IpamDriver: ipamDefault,
		Ipv4: n.Subnet.IsValid(), Ipv6: n.Subnet6.IsValid(), Options: n.Options, Labels: n.Labels, Created: timestamppb.New(n.Created),
	}
	for _, p := range h.cfg.Model.Pools() {
		if p.ID == n.PoolID || p.ID == n.PoolID6 {
			m.IpamOptions = p.Options
			if p.IPAM != cnm.DefaultIPAM {
				m.IpamDriver = p.IPAM
			}
		}
	}
	for _, s := range []cnm.SubnetSpec{{Subnet: n.Subnet, Range: n.Range, Gateway: n.Gateway}, {Subnet: n.Subnet6, Range: n.Range6, Gateway: n.Gateway6}} {
		if s.Subnet.IsValid() {
			m.Subnets = append(m.Subnets, subnetMessage(s, n.AuxAddresses))
		}
	}
	names := make(map[string]cnm.Sandbox)
	for s := range h.cfg.Model.WalkSandboxes() {
		names[s.Key] = s
	}
	for e := range h.cfg.Model.WalkEndpoints(n.ID) {
		s := names[e.SandboxKey]
		m.Endpoints = append(m.Endpoints, endpointMessage(s.ID, e.Name, e))
	}
	return m
}

func subnetMessage(s cnm.SubnetSpec, aux map[string]netip.Addr) *apiv1.HostSubnet {
	m := &apiv1.HostSubnet{Subnet: s.Subnet.String()}
	if s.Range.IsValid() && s.Range != s.Subnet {
		m.Range = s.Range.String()
	}
	if s.Gateway.IsValid() {
		m.Gateway = s.Gateway.String()
	}
	for name, a := range aux {
		if s.Subnet.Contains(a) {
			if m.Aux == nil {
				m.Aux = make(map[string]string)
			}
			m.Aux[name] = a.String()
		}
	}
	return m
}
