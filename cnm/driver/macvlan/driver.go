// SPDX-License-Identifier: Apache-2.0

package macvlan

import (
	"context"
	"sync"

	"github.com/linkspan/linkspan/cnm"
)

// Driver implements [cnm.Driver] in the network namespace of the process.
type Driver struct {
	mu       sync.Mutex
	networks map[string]network // by cnm.Network.ID
}

// network is a network with its options read.
type network struct {
	cnm.Network
	config
}

var (
	_ cnm.Driver   = (*Driver)(nil)
	_ cnm.Restorer = (*Driver)(nil)
	_ cnm.Sweeper  = (*Driver)(nil)
)

// New returns a driver.
func New() *Driver { return &Driver{networks: make(map[string]network)} }

// Restore learns the networks.
func (d *Driver) Restore(networks []cnm.Network, _ []cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range networks {
		if c, err := read(n); n.Removing == nil && err == nil {
			d.networks[n.ID] = network{n, c}
		}
	}
	return nil
}

// CreateNetwork makes the parent if that is one to be made.
func (d *Driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	c, err := read(n)
	if err != nil {
		return err
	}
	made := network{n, c}
	d.mu.Lock()
	err = d.conflict(made)
	if err == nil {
		d.networks[n.ID] = made
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = made.ensureParent()
	return err
}

// DeleteNetwork removes the parent if it was made for the network.
func (d *Driver) DeleteNetwork(_ context.Context, n cnm.Network) error {
	d.mu.Lock()
	delete(d.networks, n.ID)
	d.mu.Unlock()
	c, _ := read(n) // a network with options that cannot be read was never made
	return network{n, c}.removeParent()
}
