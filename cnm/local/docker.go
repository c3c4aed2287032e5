// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (h *Host) dockerList(ctx context.Context) ([]*apiv1.HostNetwork, error) {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return nil, err
	}
	all, err := c.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fromDocker(err)
	}
	free, err := c.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("dangling", "true")})
	if err != nil {
		return nil, fromDocker(err)
	}
	var list []*apiv1.HostNetwork
	for _, item := range all.Items {
		if _, face := h.face(item.Network); face {
			continue
		}
		m := dockerMessage(item.Network)
		used := !slices.ContainsFunc(free.Items, func(f network.Summary) bool { return f.ID == item.ID })
		if used { // the list does not say by whom
			m.Endpoints = append(m.Endpoints, &apiv1.HostEndpoint{})
		}
		list = append(list, m)
	}
	return list, nil
}

// face says for which network of the fabric one of dockerd's stands, if it
// does; the number is 0 while that is not known yet.
func (h *Host) face(n network.Network) (linkspan.NetworkID, bool) {
	known, err := h.cfg.Model.Network(n.ID)
	if err == nil && known.Bound() {
		return known.Fabric, true
	}
	for _, f := range h.cfg.Fabric.Networks() { // managers list those of their swarm that are used elsewhere
		if h.cfg.InSwarm != nil && h.cfg.InSwarm(f) == n.ID {
			return f.ID, true
		}
	}
	return 0, slices.Contains(h.cfg.Faces, n.Driver)
}

func (h *Host) dockerGet(ctx context.Context, req *apiv1.HostServiceGetNetworkRequest) (*apiv1.HostServiceGetNetworkResponse, error) {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return nil, err
	}
	r, err := c.NetworkInspect(ctx, req.GetNetwork(), client.NetworkInspectOptions{Verbose: req.GetVerbose(), Scope: req.GetScope()})
	if err != nil {
		return nil, fromDocker(err)
	}
	if id, face := h.face(r.Network.Network); face {
		if id == 0 {
			return nil, noNetwork(req.GetNetwork())
		}
		return &apiv1.HostServiceGetNetworkResponse{Fabric: uint32(id)}, nil
	}
	m := dockerMessage(r.Network.Network)
	for member, e := range r.Network.Containers {
		m.Endpoints = append(m.Endpoints, &apiv1.HostEndpoint{
			Member: member, Name: e.Name, Id: e.EndpointID, Mac: e.MacAddress.String(), Ipv4: cidr(e.IPv4Address), Ipv6: cidr(e.IPv6Address),
		})
	}
	slices.SortFunc(m.Endpoints, func(a, b *apiv1.HostEndpoint) int { return strings.Compare(a.GetName(), b.GetName()) })
	if req.GetVerbose() {
		m.Details = string(r.Raw)
	}
	return &apiv1.HostServiceGetNetworkResponse{Network: m}, nil
}

// isDockers says whether dockerd has a network that sandboxes are not in.
func (h *Host) isDockers(ctx context.Context, said string) bool {
	r, err := h.dockerGet(ctx, &apiv1.HostServiceGetNetworkRequest{Network: said})
	return err == nil && r.GetNetwork() != nil
}

func cidr(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func dockerMessage(n network.Network) *apiv1.HostNetwork {
	m := &apiv1.HostNetwork{
		Id: n.ID, Name: n.Name, Driver: n.Driver, Scope: n.Scope, Internal: n.Internal, Attachable: n.Attachable,
		Ingress: n.Ingress, ConfigOnly: n.ConfigOnly, ConfigFrom: n.ConfigFrom.Network, Ipv4: n.EnableIPv4, Ipv6: n.EnableIPv6,
		IpamDriver: n.IPAM.Driver, IpamOptions: n.IPAM.Options, Options: n.Options, Labels: n.Labels, Created: timestamppb.New(n.Created),
	}
	for _, c := range n.IPAM.Config {
		s := &apiv1.HostSubnet{Subnet: cidr(c.Subnet), Range: cidr(c.IPRange)}
		if c.Gateway.IsValid() {
			s.Gateway = c.Gateway.String()
		}
		for name, a := range c.AuxAddress {
			if s.Aux == nil {
				s.Aux = make(map[string]string)
			}
			s.Aux[name] = a.String()
		}
		m.Subnets = append(m.Subnets, s)
		m.Ipv4 = m.Ipv4 || c.Subnet.Addr().Is4() // a daemon before 28 does not say
	}
	return m
}

// dockerCreate has dockerd make a network. Drivers that are ours have other names
// there.
func (h *Host) dockerCreate(ctx context.Context, n *apiv1.HostNetwork, noIPv4 bool) (string, []string, error) {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return "", nil, err
	}
	if isPredefined(n.GetName()) {
		return "", nil, onPredefined(n.GetName())
	}
	if slices.ContainsFunc(h.cfg.Fabric.Networks(), func(f linkspan.Network) bool { return f.Name == n.GetName() }) {
		return "", nil, nameTaken(n.GetName())
	}
	options, err := h.dockerOptions(n)
	if err != nil {
		return "", nil, err
	}
	if noIPv4 {
		options.EnableIPv4 = new(bool)
	}
	if err := unique(ctx, c, n.GetName()); err != nil {
		return "", nil, err
	}
	r, err := c.NetworkCreate(ctx, n.GetName(), options)
	return r.ID, r.Warning, fromDocker(err)
}

// unique refuses a name that dockerd has: before API 1.44 it makes a second
// network of a name without a word.
func unique(ctx context.Context, c *client.Client, name string) error {
	r, err := c.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err == nil && r.Network.Name == name {
		return nameTaken(name)
	}
	return nil
}

func (h *Host) dockerOptions(n *apiv1.HostNetwork) (client.NetworkCreateOptions, error) {
	options := client.NetworkCreateOptions{
		Driver: n.GetDriver(), Scope: n.GetScope(), Internal: n.GetInternal(), Attachable: n.GetAttachable(), Ingress: n.GetIngress(),
		ConfigOnly: n.GetConfigOnly(), ConfigFrom: n.GetConfigFrom(), Options: maps.Clone(n.GetOptions()), Labels: n.GetLabels(),
		IPAM: &network.IPAM{Driver: n.GetIpamDriver(), Options: n.GetIpamOptions()},
	}
	if there, ours := h.cfg.InDocker[n.GetDriver()]; ours {
		options.Driver = there
	}
	if n.GetIpv6() {
		yes := true
		options.EnableIPv6 = &yes
	}
	if options.IPAM.Driver == "" {
		options.IPAM.Driver = ipamDefault
	}
	for _, s := range n.GetSubnets() {
		one, err := dockerSubnet(s)
		if err != nil {
			return options, err
		}
		options.IPAM.Config = append(options.IPAM.Config, one)
	}
	return options, nil
}

func dockerSubnet(s *apiv1.HostSubnet) (one network.IPAMConfig, err error) {
	if one.Subnet, err = netip.ParsePrefix(s.GetSubnet()); err != nil {
		return one, refuse("", "invalid subnet %s", s.GetSubnet())
	}
	if s.GetRange() != "" {
		if one.IPRange, err = netip.ParsePrefix(s.GetRange()); err != nil {
			return one, refuse("", "invalid ip-range %s", s.GetRange())
		}
	}
	if s.GetGateway() != "" {
		if one.Gateway, err = netip.ParseAddr(s.GetGateway()); err != nil {
			return one, refuse("", "invalid gateway address %s", s.GetGateway())
		}
	}
	for name, text := range s.GetAux() {
		if one.AuxAddress == nil {
			one.AuxAddress = make(map[string]netip.Addr)
		}
		if one.AuxAddress[name], err = netip.ParseAddr(text); err != nil {
			return one, refuse("", "invalid auxiliary address %s", text)
		}
	}
	return one, nil
}

func (h *Host) dockerRemove(ctx context.Context, said string) error {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return err
	}
	_, err = c.NetworkRemove(ctx, said, client.NetworkRemoveOptions{})
	return fromDocker(err)
}

// dockerConnect has dockerd connect a container. Of the addresses dockerd itself
// judges whether they fit.
func (h *Host) dockerConnect(ctx context.Context, req *apiv1.HostServiceConnectRequest) error {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return err
	}
	settings, err := dockerSettings(req.GetAttachment())
	if err != nil {
		return err
	}
	_, err = c.NetworkConnect(ctx, h.inDocker(req.GetNetwork()), client.NetworkConnectOptions{Container: req.GetMember(), EndpointConfig: settings})
	return fromDocker(err)
}

// inDocker is what dockerd knows a network by: not by the fabric's number.
func (h *Host) inDocker(said string) string {
	for _, f := range h.inFabric(said) {
		if f.Name != said {
			return f.Name
		}
	}
	return said
}

func dockerSettings(a *apiv1.Attachment) (*network.EndpointSettings, error) {
	s := &network.EndpointSettings{
		Aliases: a.GetAliases(), Links: a.GetLinks(), DriverOpts: a.GetOptions(), GwPriority: int(a.GetGatewayPriority()),
		IPAMConfig: &network.EndpointIPAMConfig{},
	}
	var err error
	if s.IPAMConfig.IPv4Address, err = readAddress(a.GetIpv4(), 4); err != nil {
		return s, err
	}
	if s.IPAMConfig.IPv6Address, err = readAddress(a.GetIpv6(), 6); err != nil {
		return s, err
	}
	for _, text := range a.GetLinkLocal() {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return s, refuse("", "invalid link-local IP address: %s", text)
		}
		s.IPAMConfig.LinkLocalIPs = append(s.IPAMConfig.LinkLocalIPs, address)
	}
	return s, nil
}

func (h *Host) dockerDisconnect(ctx context.Context, req *apiv1.HostServiceDisconnectRequest) error {
	c, err := h.cfg.Docker.Client()
	if err != nil {
		return err
	}
	_, err = c.NetworkDisconnect(ctx, h.inDocker(req.GetNetwork()), client.NetworkDisconnectOptions{Container: req.GetMember(), Force: req.GetForce()})
	return fromDocker(err)
}

// fromDocker gives an error of dockerd's a code, and leaves its words as they
// are but for who said them.
func fromDocker(err error) error {
	if err == nil {
		return nil
	}
	out := &linkspan.Error{Code: linkspan.Internal, Message: strings.TrimPrefix(err.Error(), "Error response from daemon: ")}
	switch {
	case errdefs.IsNotFound(err):
		out.Code = linkspan.NotFound
	case errdefs.IsConflict(err):
		out.Code = linkspan.Exists
		if strings.Contains(out.Message, "active endpoints") {
			out.Code = linkspan.InUse
		}
	case errdefs.IsPermissionDenied(err), errdefs.IsFailedPrecondition(err):
		out.Code = linkspan.InUse
	case errdefs.IsInvalidArgument(err):
		out.Code = linkspan.Invalid
	case client.IsErrConnectionFailed(err), errdefs.IsUnavailable(err), errors.Is(err, context.DeadlineExceeded):
		out.Code, out.Hint = linkspan.Unavailable, "is dockerd running? linkspan serve switch --docker names its socket"
	}
	return out
}
