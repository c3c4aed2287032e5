// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/publish"
)

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
	ports, taken, err := publish.Take(e.PortMaps, func(p cnm.PortMap) []publish.Binding { return net.bindings(e, []cnm.PortMap{p}) })
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

// bindings returns what ports are in the families that both the endpoint and
// the wished address have.
func (n network) bindings(e cnm.Endpoint, ports []cnm.PortMap) []publish.Binding {
	var all []publish.Binding
	for _, p := range ports {
		for _, own := range e.Addresses() {
			at, ok := n.hostAddress(p.HostIP, own.Addr())
			if !ok {
				continue
			}
			all = append(all, publish.Binding{
				Proto: p.Proto, Host: netip.AddrPortFrom(at, p.HostPort),
				Container: netip.AddrPortFrom(own.Addr(), p.Port),
				Routed:    n.mode[filter.FamilyOf(own.Addr())] == modeRouted,
			})
		}
	}
	return all
}

// hostAddress returns where a port is published for an address of a container:
// where it was wished, by the network's option, or everywhere.
func (n network) hostAddress(wish string, own netip.Addr) (netip.Addr, bool) {
	if wish == "" && own.Is4() && n.hostBinding.IsValid() {
		return n.hostBinding, true
	}
	return publish.HostAddress(wish, own)
}

// Unpublish takes back what Publish did.
func (d *Driver) Unpublish(_ context.Context, _ cnm.Network, e cnm.Endpoint) error {
	if !d.release(e.ID) {
		return nil
	}
	for _, address := range e.Addresses() {
		if err := publish.Forget(address.Addr(), false); err != nil {
			d.log.Debug("conversations are not ended", "address", address.Addr(), "error", err)
		}
	}
	return d.refilter()
}

// release lets go of the endpoint's ports, and says whether it had any.
func (d *Driver) release(endpoint string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	bindings, ok := d.ports[endpoint]
	delete(d.ports, endpoint)
	publish.LetGo(bindings)
	return ok
}
