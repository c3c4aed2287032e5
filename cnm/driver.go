// SPDX-License-Identifier: Apache-2.0

package cnm

import "context"

// Driver does the work of networks and endpoints on the data path. The
// controller calls it with one endpoint's or network's calls in order, and
// with those of different ones at the same time. Each method may be repeated
// with the same records, also after a crash in the middle of it: what it finds
// half done, it does again. Removing what is not there succeeds. Package
// cnm/driver/drivertest proves a driver.
type Driver interface {
	// CreateNetwork refuses options that it does not know, naming them, and
	// prepares what all endpoints of the network share.
	CreateNetwork(ctx context.Context, n Network) error
	// DeleteNetwork undoes CreateNetwork.
	DeleteNetwork(ctx context.Context, n Network) error
	// CreateEndpoint returns e with what the driver adds: the MAC when it is
	// zero, interface, port and limits. Other fields stay as they are.
	CreateEndpoint(ctx context.Context, n Network, e Endpoint) (Endpoint, error)
	// DeleteEndpoint undoes CreateEndpoint.
	DeleteEndpoint(ctx context.Context, n Network, e Endpoint) error
	// Join makes the interface that goes into the sandbox e.SandboxKey. When
	// it fails it has undone what it did. The path of the sandbox need not
	// exist yet: Docker before version 28 makes it later.
	Join(ctx context.Context, n Network, e Endpoint) (Attachment, error)
	// Leave undoes Join, wherever the interface is now.
	Leave(ctx context.Context, n Network, e Endpoint) error
}

// Restorer is a [Driver] that keeps state in memory. Restore is called once,
// before any other method, with all records of the driver's, those marked for
// removal included.
type Restorer interface {
	Restore(networks []Network, endpoints []Endpoint) error
}

// Sweeper is a [Driver] that can find what it left behind. Sweep lists what
// the driver made on the host, then calls endpoints, and removes what belongs
// to none of those; in this order a concurrent Join loses nothing. It returns
// how many it removed.
type Sweeper interface {
	Sweep(ctx context.Context, endpoints func() []Endpoint) (int, error)
}

// Describer is a [Driver] that passes on names, aliases and labels of containers, which
// become known after Join.
type Describer interface {
	Describe(ctx context.Context, n Network, e Endpoint) error
}

// Light is a [Driver] whose CreateEndpoint and DeleteEndpoint touch nothing
// outside of the process. A crash in the middle of them leaves nothing behind, so
// that the endpoint need not be written down before.
type Light interface {
	Light() bool
}

// Bare is a [Driver] whose networks have no addresses: NewNetwork asks no IPAM
// for any.
type Bare interface {
	Bare() bool
}

// Publisher is a [Driver] that can publish ports of e.PortMaps on the host.
// Without it publishing is refused.
type Publisher interface {
	// Publish returns the ports as they are now, with the host's ports that
	// were chosen. The error has code InUse when one is taken.
	Publish(ctx context.Context, n Network, e Endpoint) ([]PortMap, error)
	// Unpublish takes back what Publish did; nothing published is fine.
	Unpublish(ctx context.Context, n Network, e Endpoint) error
}
