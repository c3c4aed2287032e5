// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
)

// hostDriver's networks are joined at the making of a sandbox or not at all.
const hostDriver = "host"

// attachment is how a sandbox is to be attached, with its words read.
type attachment struct {
	v4, v6   netip.Addr
	mac      linkspan.MAC
	aliases  []string
	options  map[string]string
	priority int
}

// readAttachment refuses what is wrong, and what only containers can have.
func readAttachment(a *apiv1.Attachment) (attachment, error) {
	out := attachment{aliases: a.GetAliases(), options: a.GetOptions(), priority: int(a.GetGatewayPriority())}
	var err error
	if out.v4, err = readAddress(a.GetIpv4(), 4); err != nil {
		return out, err
	}
	if out.v6, err = readAddress(a.GetIpv6(), 6); err != nil {
		return out, err
	}
	if a.GetMac() != "" {
		if out.mac, err = linkspan.ParseMAC(a.GetMac()); err != nil {
			return out, err
		}
	}
	if len(a.GetLinks()) > 0 {
		return out, refuse("give the other one a name with --alias", "links are for containers, and this is a sandbox")
	}
	if len(a.GetLinkLocal()) > 0 {
		return out, refuse("type linkspan sandbox exec NAME -- ip address add ADDRESS dev eth0", "link-local addresses are for containers, and this is a sandbox")
	}
	for _, alias := range out.aliases {
		if alias == "" || len(alias) > linkspan.MaxAlias {
			return out, refuse("", "alias %.20q is not 1 to %d bytes long", alias, linkspan.MaxAlias)
		}
	}
	if len(out.aliases) >= linkspan.MaxAliases {
		return out, refuse("", "%d aliases are too many, %d are allowed", len(out.aliases), linkspan.MaxAliases-1)
	}
	return out, nil
}

// readAddress reads an address of a family, which Docker calls by its number.
func readAddress(text string, family int) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Is4() != (family == 4) || a.Zone() != "" {
		return a, refuse("", "invalid IPv%d address: %s", family, text)
	}
	return a, nil
}

// attach makes an endpoint of a sandbox in a network and joins it.
func (h *Host) attach(ctx context.Context, s cnm.Sandbox, n cnm.Network, a attachment) error {
	if err := attachable(s, n); err != nil {
		return err
	}
	m := h.cfg.Model
	e, err := m.NewEndpoint(ctx, cnm.EndpointSpec{
		Name: s.Name, Network: n.ID, Address: a.v4, Address6: a.v6, MAC: a.mac, Options: a.options, Priority: a.priority,
	})
	if err != nil {
		return err
	}
	var undo cnm.Undo
	undo.Add(func(ctx context.Context) error { return m.DeleteEndpoint(ctx, n.ID, e.ID) })
	err = m.Describe(ctx, e.ID, cnm.Description{Container: s.Name, Aliases: aliasesOf(s, a)})
	if err == nil {
		_, err = m.Join(ctx, cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: s.Key})
	}
	if err != nil {
		return undo.Run(ctx, err)
	}
	return nil
}

// aliasesOf adds the beginning of the sandbox's id, as Docker does.
func aliasesOf(s cnm.Sandbox, a attachment) []string {
	all := append(slices.Clone(a.aliases), s.ID[:min(12, len(s.ID))])
	slices.Sort(all)
	return slices.Compact(all)
}

// attachable refuses what Docker refuses between a container and a network.
func attachable(s cnm.Sandbox, n cnm.Network) error {
	if (n.Driver == hostDriver) != s.Given {
		return refuse("make one there: linkspan sandbox create --network NETWORK NAME",
			"sandbox cannot be disconnected from host network or connected to host network")
	}
	for _, e := range s.Endpoints {
		if e.Network == n.ID {
			return &linkspan.Error{Code: linkspan.Exists, Message: "endpoint with name " + s.Name + " already exists in network " + n.Name}
		}
	}
	return nil
}

// detach takes a sandbox out of a network.
func (h *Host) detach(ctx context.Context, e cnm.Endpoint) error {
	if err := h.cfg.Model.Leave(ctx, e.Network, e.ID); err != nil {
		return err
	}
	return h.cfg.Model.DeleteEndpoint(ctx, e.Network, e.ID)
}

// meant finds the network that a sandbox is to join: one of this host, or one
// of the fabric, whose record it makes.
func (h *Host) meant(ctx context.Context, said string) (cnm.Network, error) {
	own, err := h.findOwn(said)
	fabric := h.inFabric(said)
	switch {
	case linkspan.CodeOf(err) == linkspan.Conflict:
		return own, err
	case err == nil && len(fabric) > 0 || len(fabric) > 1:
		return own, ambiguous(said, 2, "name")
	case err == nil:
		return own, nil
	case len(fabric) == 1:
		return h.shadow(ctx, fabric[0])
	case h.cfg.Docker != nil && h.isDockers(ctx, said):
		return own, refuse("make one of the fabric, which both are in: linkspan network create --subnet 10.7.0.0/24 NAME",
			"network %s is Docker's, and sandboxes are in none of those", said)
	}
	return own, noNetwork(said)
}

// findOwn finds a network of this host among the model's own.
func (h *Host) findOwn(said string) (cnm.Network, error) {
	var byName, byID []cnm.Network
	for _, n := range h.cfg.Model.Networks() {
		switch {
		case !isLocal(n):
		case n.ID == said:
			return n, nil
		case n.Name == said:
			byName = append(byName, n)
		case begins(n.ID, said):
			byID = append(byID, n)
		}
	}
	switch {
	case len(byName) > 0:
		return byName[0], nil
	case len(byID) == 1:
		return byID[0], nil
	case len(byID) > 1:
		return cnm.Network{}, ambiguous(said, len(byID), "ID prefix")
	}
	return cnm.Network{}, noNetwork(said)
}

func begins(id, said string) bool { return said != "" && len(said) < len(id) && id[:len(said)] == said }

// Connect attaches a sandbox, or a container of dockerd's, to a network.
func (h *Host) connect(ctx context.Context, req *apiv1.HostServiceConnectRequest) error {
	s, err := h.cfg.Model.FindSandbox(req.GetMember())
	if linkspan.CodeOf(err) == linkspan.NotFound && h.cfg.Docker != nil {
		return h.dockerConnect(ctx, req)
	}
	if err != nil {
		return noSandbox(req.GetMember())
	}
	a, err := readAttachment(req.GetAttachment())
	if err != nil {
		return err
	}
	h.tidying.RLock()
	defer h.tidying.RUnlock()
	n, err := h.meant(ctx, req.GetNetwork())
	if err != nil {
		return plain(err)
	}
	return plain(h.attach(ctx, s, n, a))
}

// disconnect takes a sandbox, or a container of dockerd's, out of a network. By
// force it does so also when the sandbox is not known any more.
func (h *Host) disconnect(ctx context.Context, req *apiv1.HostServiceDisconnectRequest) error {
	s, err := h.cfg.Model.FindSandbox(req.GetMember())
	if linkspan.CodeOf(err) == linkspan.NotFound && h.cfg.Docker != nil {
		return h.dockerDisconnect(ctx, req)
	}
	if err != nil && !req.GetForce() {
		return noSandbox(req.GetMember())
	}
	n, known := h.joined(req.GetNetwork())
	if !known {
		return noNetwork(req.GetNetwork())
	}
	for e := range h.cfg.Model.WalkEndpoints(n.ID) {
		if e.Own && (err == nil && e.SandboxKey == s.Key || req.GetForce() && e.Name == req.GetMember()) {
			if n.Driver == hostDriver {
				return attachable(s, cnm.Network{})
			}
			return plain(h.detach(ctx, e))
		}
	}
	if err != nil {
		return noSandbox(req.GetMember())
	}
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: "sandbox " + req.GetMember() + " is not connected to network " + req.GetNetwork(),
		Hint: "linkspan sandbox ls shows what it is connected to",
	}
}

// joined finds a network that sandboxes may be in. One of the fabric that none
// is in has no record, and is known all the same.
func (h *Host) joined(said string) (n cnm.Network, known bool) {
	if n, err := h.findOwn(said); err == nil {
		return n, true
	}
	for _, f := range h.inFabric(said) {
		n, known = cnm.Network{ID: shadowPrefix + f.ID.String(), Name: f.Name}, true
	}
	return n, known
}
