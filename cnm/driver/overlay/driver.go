// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// DefaultPort is the UDP port of VXLAN (IANA, RFC 7348, 5). Others on the host
// may use it too, with other VNIs.
const DefaultPort = 4789

// DefaultNamespace is where the namespace of all overlay networks is kept.
const DefaultNamespace = "/run/linkspan/overlay"

// Peer is an endpoint as other hosts know it.
type Peer struct {
	Address  netip.Addr
	Address6 netip.Addr // zero: none
	MAC      linkspan.MAC
	Host     netip.Addr // its host in the underlay
}

// Fabric tells other hosts of the endpoints of this one. Both may be repeated,
// Attach also with names and labels that became known later.
type Fabric interface {
	Attach(ctx context.Context, vni uint32, e cnm.Endpoint) error
	Detach(ctx context.Context, vni uint32, e cnm.Endpoint) error
}

// Options is what a [Driver] is made of.
type Options struct {
	Local     netip.Addr // this host in the underlay
	Port      uint16     // of UDP; 0: DefaultPort
	Namespace string     // path; empty: DefaultNamespace. It is this driver's alone
	Fabric    Fabric     // nil: nobody is told
	// Numbered says that networks are numbered by the fabric, as are their VNIs:
	// nobody else may choose one.
	Numbered bool
	Log      *slog.Logger // told what was mended; nil: nobody
}

// Driver implements [cnm.Driver] in the network namespace of the process.
type Driver struct {
	options Options

	mu       sync.Mutex // held while links change: they are shared by endpoints
	networks map[string]network
	wires    map[uint32]wire   // by VNI: what its links are called that were made
	peers    map[uint32]*peers // by VNI; none without a peer
	guarded  string            // what the filter admits, see admitted
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
	_ cnm.Describer = (*Driver)(nil)
)

// New returns a driver. The error has code Invalid when the host has no address
// in the underlay.
func New(options Options) (*Driver, error) {
	if !options.Local.IsValid() || options.Local.IsUnspecified() {
		return nil, invalid("the overlay driver needs this host's address in the underlay")
	}
	if options.Port == 0 {
		options.Port = DefaultPort
	}
	if options.Namespace == "" {
		options.Namespace = DefaultNamespace
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Driver{options: options, networks: make(map[string]network), wires: make(map[uint32]wire), peers: make(map[uint32]*peers)}, nil
}

// Supported says why there can be no overlay network on this host; nil: there can.
func (d *Driver) Supported() error { return canVXLAN() }

// Count returns how many networks there are here, and how many endpoints of them
// are known on other hosts.
func (d *Driver) Count() (networks, peers int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.peers {
		peers += len(p.all)
	}
	for _, n := range d.networks {
		if n.vni == 0 {
			networks++
		}
	}
	return networks + len(d.vnis()), peers
}

// Namespace returns the path of the namespace that has the links.
func (d *Driver) Namespace() string { return d.options.Namespace }

// Restore learns the networks, and of the kernel which peers it was told: until
// somebody says otherwise these hold, and what an earlier process was told stays
// not for ever.
func (d *Driver) Restore(networks []cnm.Network, _ []cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range networks {
		if c, err := d.read(n); n.Removing == nil && err == nil {
			d.networks[n.ID] = network{n, c}
		}
	}
	return d.recall()
}

// CreateNetwork checks the options, and that the kernel has VXLAN. The links
// come with the first endpoint.
func (d *Driver) CreateNetwork(_ context.Context, n cnm.Network) error {
	c, err := d.read(n)
	if err != nil {
		return err
	}
	if err := canVXLAN(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.conflict(network{n, c}); err != nil {
		return err
	}
	d.networks[n.ID] = network{n, c}
	return nil
}

// DeleteNetwork removes the links of the network, unless another one has its VNI
// too, and with the last one the namespace.
func (d *Driver) DeleteNetwork(_ context.Context, n cnm.Network) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if was := d.known(n); d.alone(was) {
		if err := d.removeLinks(d.wire(was)); err != nil {
			return err
		}
		delete(d.peers, was.vni)
		delete(d.wires, was.vni)
	}
	delete(d.networks, n.ID)
	if err := d.guard(); err != nil {
		return err
	}
	return d.removeNamespace()
}
