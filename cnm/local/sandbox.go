// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
)

// hostNamespace is the network namespace of the host.
const hostNamespace = "/proc/1/ns/net"

// createSandbox makes a sandbox, in a network where one is named, or nothing.
func (h *Host) createSandbox(ctx context.Context, req *apiv1.HostServiceCreateSandboxRequest) (cnm.Sandbox, error) {
	a, err := readAttachment(req.GetAttachment())
	if err != nil {
		return cnm.Sandbox{}, err
	}
	if req.GetName() == "" {
		return cnm.Sandbox{}, refuse("", "sandbox name is empty")
	}
	h.tidying.RLock()
	defer h.tidying.RUnlock()
	spec := cnm.SandboxSpec{Name: req.GetName()}
	var n cnm.Network
	if req.GetNetwork() != "" {
		if n, err = h.meant(ctx, req.GetNetwork()); err != nil {
			return cnm.Sandbox{}, plain(err)
		}
	}
	if n.Driver == hostDriver {
		spec.Path = hostNamespace
	}
	s, err := h.cfg.Model.NewSandbox(ctx, spec)
	if linkspan.CodeOf(err) == linkspan.Exists {
		return s, &linkspan.Error{
			Code: linkspan.Exists, Message: "the sandbox name \"" + spec.Name + "\" is already in use",
			Hint: "choose another name, or type linkspan sandbox rm " + spec.Name,
		}
	}
	if err != nil || n.ID == "" {
		return s, plain(err)
	}
	if err := h.attach(ctx, s, n, a); err != nil {
		var undo cnm.Undo
		undo.Add(func(ctx context.Context) error { return h.cfg.Model.DeleteSandbox(ctx, s.ID) })
		return s, plain(undo.Run(ctx, err))
	}
	return h.cfg.Model.Sandbox(s.ID)
}

// sandboxes returns those that were made here, or the one that is meant.
func (h *Host) sandboxes(said string) ([]cnm.Sandbox, error) {
	if said != "" {
		s, err := h.findSandbox(said)
		return []cnm.Sandbox{s}, err
	}
	own := slices.DeleteFunc(h.cfg.Model.Sandboxes(), func(s cnm.Sandbox) bool { return s.ID == "" })
	slices.SortFunc(own, func(a, b cnm.Sandbox) int { return strings.Compare(a.Name, b.Name) })
	return own, nil
}

func (h *Host) findSandbox(said string) (cnm.Sandbox, error) {
	s, err := h.cfg.Model.FindSandbox(said)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		err = noSandbox(said)
	}
	return s, err
}

// removeSandbox removes a sandbox with its endpoints.
func (h *Host) removeSandbox(ctx context.Context, said string, force bool) error {
	s, err := h.findSandbox(said)
	if err != nil {
		return err
	}
	if err := h.vacate(ctx, s, force); err != nil {
		return err
	}
	for _, e := range s.Endpoints {
		if err := h.detach(ctx, e); err != nil {
			return plain(err)
		}
	}
	return plain(h.cfg.Model.DeleteSandbox(ctx, s.ID))
}

// vacate ends the programs in a sandbox by force, or refuses while there are
// any. In the host's own namespace are all others too: that is left alone.
func (h *Host) vacate(ctx context.Context, s cnm.Sandbox, force bool) error {
	if s.Given {
		return nil
	}
	inside, err := processes(s.Key)
	if err != nil || len(inside) == 0 {
		return err
	}
	if force {
		return end(ctx, s.Key)
	}
	return &linkspan.Error{
		Code: linkspan.InUse, Message: fmt.Sprintf("cannot remove sandbox %q: programs run in it, one is process %d", s.Name, inside[0]),
		Hint: "end them, or force the removal, which does: linkspan sandbox rm -f " + s.Name,
	}
}

// sandboxMessage tells all of a sandbox.
func (h *Host) sandboxMessage(s cnm.Sandbox) *apiv1.Sandbox {
	m := &apiv1.Sandbox{Id: s.ID, Name: s.Name, Path: s.Key, Created: timestamppb.New(s.Created)}
	if !s.Given {
		m.Resolver = h.cfg.Resolver
		inside, _ := processes(s.Key) // of a namespace that is just going there are none
		for _, pid := range inside {
			m.Processes = append(m.Processes, int32(pid))
		}
	}
	for _, e := range s.Endpoints {
		n, err := h.cfg.Model.Network(e.Network)
		if err != nil {
			continue // it goes just now
		}
		m.Networks = append(m.Networks, &apiv1.SandboxNetwork{
			Id: shownID(n), Name: n.Name, Driver: n.Driver, Interface: e.Interface, Endpoint: endpointMessage(s.ID, s.Name, e), Aliases: e.Aliases,
		})
	}
	slices.SortFunc(m.Networks, func(a, b *apiv1.SandboxNetwork) int { return strings.Compare(a.GetName(), b.GetName()) })
	return m
}

// shownID is the id of a network as the fabric has it, where it is there.
func shownID(n cnm.Network) string {
	if n.Bound() {
		return n.Fabric.String()
	}
	return n.ID
}

func endpointMessage(member, name string, e cnm.Endpoint) *apiv1.HostEndpoint {
	m := &apiv1.HostEndpoint{Member: member, Name: name, Id: e.ID}
	if e.MAC != (linkspan.MAC{}) {
		m.Mac = e.MAC.String()
	}
	if e.Address.IsValid() {
		m.Ipv4 = e.Address.String()
	}
	if e.Address6.IsValid() {
		m.Ipv6 = e.Address6.String()
	}
	return m
}
