// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"log/slog"
	"sync"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/publish"
)

// Options is what a [Driver] is made of.
type Options struct {
	Log *slog.Logger // told what cannot be mended at once; nil: nobody
}

// Driver implements [cnm.Driver] in the network namespace of the process, of
// which one driver at a time may have the filter.
type Driver struct {
	log *slog.Logger

	mu       sync.Mutex
	networks map[string]network           // by cnm.Network.ID
	ports    map[string][]publish.Binding // published, by cnm.Endpoint.ID

	numbers numbers

	filter   sync.Mutex      // held while the filter is changed
	filtered map[string]bool // networks that this process wrote into it, by cnm.Network.ID
}

// network is a network with its options read.
type network struct {
	cnm.Network
	config
}

var (
	_ cnm.Driver    = (*Driver)(nil)
	_ cnm.Restorer  = (*Driver)(nil)
	_ cnm.Light     = (*Driver)(nil)
	_ cnm.Sweeper   = (*Driver)(nil)
	_ cnm.Publisher = (*Driver)(nil)
)

// New returns a driver.
func New(options Options) *Driver {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Driver{log: options.Log, networks: make(map[string]network), ports: make(map[string][]publish.Binding)}
}

// Close lets go of the host's ports that are held; what was made goes on. No
// other method may be called after it.
func (d *Driver) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, bindings := range d.ports {
		publish.LetGo(bindings)
	}
}

// Restore learns networks and published ports. What of them is no longer on the
// host, as after a boot, [Driver.Sweep] makes again.
func (d *Driver) Restore(networks []cnm.Network, endpoints []cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range networks {
		c, err := read(n)
		if n.Removing != nil || err != nil {
			continue // it is being removed, or was never made
		}
		d.networks[n.ID] = network{n, c}
	}
	for _, e := range endpoints {
		d.numbers.take(e.ID, e.Port)
		if n, ok := d.networks[e.Network]; ok && len(e.Published) > 0 && e.Removing == nil {
			d.ports[e.ID] = n.bindings(e, e.Published)
		}
	}
	return nil
}
