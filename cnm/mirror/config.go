// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/store/kv"
)

// Driver is the name under which dockerd knows our network and IPAM driver, and
// OverlayDriver that of the one for overlay networks.
const (
	Driver        = "linkspan"
	OverlayDriver = Driver + "-overlay"
)

// The names of our drivers whose networks are of one host: the fabric does not
// know them.
const (
	BridgeDriver  = Driver + "-bridge"
	MacvlanDriver = Driver + "-macvlan"
)

// drivers returns all of them.
func drivers() []string { return []string{Driver, OverlayDriver, BridgeDriver, MacvlanDriver} }

// ofFabric returns which driver of the fabric's networks one of dockerd's stands
// for, if it does.
func ofFabric(driver string) (d linkspan.Driver, ok bool) {
	switch driver {
	case Driver:
		return linkspan.Hotplug, true
	case OverlayDriver:
		return linkspan.Overlay, true
	}
	return "", false
}

// inDocker is the reverse.
func inDocker(d linkspan.Driver) string {
	if d.Is(linkspan.Overlay) {
		return OverlayDriver
	}
	return Driver
}

// Fabric is what the mirror needs of package fabric.
type Fabric interface {
	Ready() (connected bool, since time.Time)
	Networks() []linkspan.Network
	Changed() (changed <-chan struct{}, stop func())
	Propose(ctx context.Context, n linkspan.Network) (out linkspan.Network, adopted bool, err error)
	Report(event linkspan.Event)
	Keeper
}

// Keeper holds the controller's record of this chassis's endpoints.
type Keeper interface {
	Endpoints() []linkspan.Endpoint
	Resync(ctx context.Context, local []linkspan.Endpoint) error
}

// Model is what the mirror needs of the host's own records.
type Model interface {
	Networks() []cnm.Network
	Endpoints() []cnm.Endpoint
	Changes() <-chan struct{}
	Bind(ctx context.Context, dockerID string, to linkspan.Network) error
	Refuse(ctx context.Context, dockerID string, reason error)
	Describe(ctx context.Context, endpointID string, is cnm.Description) error
	DescribeNetwork(ctx context.Context, dockerID string, is cnm.NetworkDescription) error
	Sweeper
}

// Sweeper is what of the records can be found to be left over.
type Sweeper interface {
	Leases() []cnm.Lease
	Reconcile(ctx context.Context, present cnm.Present) (cnm.Swept, error)
}

// Docker is the dockerd of this host.
type Docker interface {
	// Networks lists the networks of our drivers.
	Networks(ctx context.Context) ([]Network, error)
	// Named finds a network of any driver by its exact name.
	Named(ctx context.Context, name string) (driver string, found bool, err error)
	// Create makes a network of ours for one of the fabric and returns its id.
	Create(ctx context.Context, n linkspan.Network) (id string, err error)
	// Remove removes a network. Code NotFound: there is none; InUse: a
	// container hangs on it.
	Remove(ctx context.Context, id string) error
	// Containers lists the running containers.
	Containers(ctx context.Context) ([]Container, error)
	// Aliases returns, by the ids of a container's endpoints, the names that it
	// has in their networks beside its own. Code NotFound: there is none.
	Aliases(ctx context.Context, container string) (map[string][]string, error)
	// Events calls wake once the stream is open and at each event of networks
	// and containers, until ctx or the stream ends.
	Events(ctx context.Context, wake func()) error
}

var (
	_ Fabric = (*fabric.Fabric)(nil)
	_ Model  = (*cnm.Controller)(nil)
	_ Docker = (*Engine)(nil)
)

// Network is a network of our driver as dockerd lists it, or one of a swarm,
// whose driver has the name of whatever plugin was installed.
type Network struct {
	ID      string
	Name    string
	Driver  string
	Swarm   bool // the swarm's managers made it, and hosts have it while they have tasks
	Created time.Time
	Labels  map[string]string
}

// Container is a running container as dockerd lists it.
type Container struct {
	ID        string
	Name      string
	Labels    map[string]string
	Endpoints []string // ids
}

// The times of a mirror.
const (
	Interval     = 30 * time.Second       // between two looks without a reason
	settle       = 20 * time.Millisecond  // after a wake, to take a burst of changes together
	firstPause   = 250 * time.Millisecond // after a failure, doubled each time
	dockerLimit  = 30 * time.Second       // of one call to dockerd
	fabricLimit  = 10 * time.Second       // of one call to the controller
	strangeAfter = 10 * time.Second       // until a network that only dockerd knows is removed
)

// Config is what a Mirror is made of; all fields but Docker and the last two are
// needed.
type Config struct {
	Host   string // this chassis's name
	Docker Docker // nil: this host has none, and nothing is shown anywhere
	Fabric Fabric
	Model  Model
	Store  kv.Store // the host's own; keys under "mirror/"
	Log    *slog.Logger

	// Others returns endpoints of this chassis that are not the model's; nil: there are none.
	Others       func() []linkspan.Endpoint
	StrangeAfter time.Duration // how long a network may be known to dockerd alone; 0: 10 s
}
