// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// binding is one published port in one address family.
type binding struct {
	proto     uint8
	host      netip.AddrPort // where it is published; the address may be unspecified
	container netip.AddrPort
	routed    bool // reached by the container's own address, not by the host's
	held      hold // keeps others on the host from the port
}

// Publish publishes e.PortMaps: the host's ports are taken, and the filter
// translates them. What an earlier call published for the endpoint and this
// one does not goes.
func (d *Driver) Publish(_ context.Context, n cnm.Network, e cnm.Endpoint) ([]cnm.PortMap, error) {
	net, err := d.known(n)
	if err != nil {
		return nil, err
	}
	if n.Internal {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: "an internal network publishes no ports", Hint: "leave out -p, or --internal",
		}
	}
	before := d.release(e.ID)
	ports, taken, err := net.take(e)
	if err != nil {
		if before {
			err = errors.Join(err, d.refilter())
		}
		return nil, err
	}
	d.mu.Lock()
	d.ports[e.ID] = taken
	d.mu.Unlock()
	if err := d.refilter(); err != nil {
		d.release(e.ID)
		return nil, errors.Join(err, d.refilter())
	}
	return ports, nil
}

// take takes the host's ports, all or none.
func (n network) take(e cnm.Endpoint) ([]cnm.PortMap, []binding, error) {
	var taken []binding
	ports := make([]cnm.PortMap, 0, len(e.PortMaps))
	for _, wish := range e.PortMaps {
		port, bindings, err := n.takeOne(e, wish)
		if err != nil {
			letGo(taken)
			return nil, nil, err
		}
		ports, taken = append(ports, port), append(taken, bindings...)
	}
	return ports, taken, nil
}

// takeOne tries the ports of the wish's range in order, or lets the kernel
// choose.
func (n network) takeOne(e cnm.Endpoint, wish cnm.PortMap) (cnm.PortMap, []binding, error) {
	last := max(wish.HostPort, wish.HostPortEnd)
	var err error
	for port := wish.HostPort; ; port++ {
		try := wish
		try.HostPort = port
		var bindings []binding
		if bindings, err = n.hold(e, &try); err == nil {
			try.HostPortEnd = try.HostPort
			return try, bindings, nil
		}
		if port >= last || linkspan.CodeOf(err) != linkspan.InUse {
			return wish, nil, err
		}
	}
}

// hold takes one port in all families; the one that the kernel chooses for the
// first holds for the others too.
func (n network) hold(e cnm.Endpoint, port *cnm.PortMap) ([]binding, error) {
	bindings := n.bindings(e, []cnm.PortMap{*port})
	if len(bindings) == 0 {
		return nil, &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("port %d cannot be published: the endpoint has no address of the family of %q", port.Port, port.HostIP),
		}
	}
	for i := range bindings {
		b := &bindings[i]
		if b.routed {
			continue
		}
		b.host = netip.AddrPortFrom(b.host.Addr(), port.HostPort)
		if err := b.take(); err != nil {
			letGo(bindings[:i])
			return nil, err
		}
		port.HostPort = b.host.Port()
	}
	return bindings, nil
}

// bindings returns what ports are in the families that both the endpoint and
// the wished address have.
func (n network) bindings(e cnm.Endpoint, ports []cnm.PortMap) []binding {
	var all []binding
	for _, p := range ports {
		for _, own := range e.Addresses() {
			at, ok := n.hostAddress(p.HostIP, own.Addr())
			if !ok {
				continue
			}
			all = append(all, binding{
				proto: p.Proto, host: netip.AddrPortFrom(at, p.HostPort),
				container: netip.AddrPortFrom(own.Addr(), p.Port),
				routed:    n.mode[familyOf(own.Addr())] == modeRouted,
			})
		}
	}
	return all
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// hostAddress returns where a port is published for an address of a container:
// where it was wished, by the network's option, or everywhere.
func (n network) hostAddress(wish string, own netip.Addr) (netip.Addr, bool) {
	everywhere := netip.IPv4Unspecified()
	if own.Is6() {
		everywhere = netip.IPv6Unspecified()
	}
	if wish == "" {
		if own.Is4() && n.hostBinding.IsValid() {
			return n.hostBinding, true
		}
		return everywhere, true
	}
	at, err := netip.ParseAddr(wish)
	at = at.Unmap()
	return at, err == nil && at.Is4() == own.Is4()
}

// Unpublish takes back what Publish did.
func (d *Driver) Unpublish(_ context.Context, _ cnm.Network, e cnm.Endpoint) error {
	if !d.release(e.ID) {
		return nil
	}
	for _, address := range e.Addresses() {
		d.forget(address.Addr())
	}
	return d.refilter()
}

// release lets go of the endpoint's ports, and says whether it had any.
func (d *Driver) release(endpoint string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	bindings, ok := d.ports[endpoint]
	delete(d.ports, endpoint)
	letGo(bindings)
	return ok
}

func letGo(bindings []binding) {
	for _, b := range slices.Backward(bindings) {
		b.held.close()
	}
}
