// SPDX-License-Identifier: Apache-2.0

// Package single is what the drivers null and host have in common: one network
// at most, whose endpoints have neither interface nor address.
//
// What it is not: no driver that people name.
//
//	type Driver struct{ *single.Driver }
package single

import (
	"context"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/option"
)

// Driver implements [cnm.Driver].
type Driver struct {
	kind string

	mu      sync.Mutex
	network string // cnm.Network.ID; empty: there is none
}

var (
	_ cnm.Driver   = (*Driver)(nil)
	_ cnm.Restorer = (*Driver)(nil)
	_ cnm.Bare     = (*Driver)(nil)
)

// New returns a driver of that name.
func New(kind string) *Driver { return &Driver{kind: kind} }

// Bare is true: no addresses are needed.
func (*Driver) Bare() bool { return true }

// Restore learns the network that there is.
func (d *Driver) Restore(networks []cnm.Network, _ []cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range networks {
		if n.Removing == nil {
			d.network = n.ID
		}
	}
	return nil
}

// CreateNetwork refuses options, and a second network.
func (d *Driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	if err := option.Read("network", n.Options).Done(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.network != "" && d.network != n.ID {
		return &linkspan.Error{
			Code: linkspan.Exists, Message: "only one instance of \"" + d.kind + "\" network is allowed", Hint: "use that one",
		}
	}
	d.network = n.ID
	return nil
}

// DeleteNetwork makes room for another one.
func (d *Driver) DeleteNetwork(_ context.Context, n cnm.Network) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.network == n.ID {
		d.network = ""
	}
	return nil
}

// CreateEndpoint refuses options and a MAC, for which there is no interface.
func (d *Driver) CreateEndpoint(_ context.Context, _ cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	if e.MAC != (linkspan.MAC{}) {
		return cnm.Endpoint{}, &linkspan.Error{
			Code: linkspan.Invalid, Message: "an endpoint of the " + d.kind + " driver has no MAC address", Hint: "leave it out",
		}
	}
	return e, option.Read("endpoint", e.Options).Done()
}

// DeleteEndpoint has nothing to undo.
func (*Driver) DeleteEndpoint(context.Context, cnm.Network, cnm.Endpoint) error { return nil }

// Join answers without an interface.
func (*Driver) Join(context.Context, cnm.Network, cnm.Endpoint) (cnm.Attachment, error) {
	return cnm.Attachment{}, nil
}

// Leave has nothing to undo.
func (*Driver) Leave(context.Context, cnm.Network, cnm.Endpoint) error { return nil }
