// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/ovs/direct"
	"github.com/linkspan/linkspan/ovs/tunnel"
	"github.com/linkspan/linkspan/store/kv"
)

// Peers programs the way to other chassis. All calls are safe to repeat; a
// peer that returned without an error is in place for packets.
type Peers interface {
	// SetPeers makes exactly these peers exist.
	SetPeers(ctx context.Context, peers []tunnel.Peer) error
	// AddPeer adds a peer or moves the one of the same MAC address.
	AddPeer(ctx context.Context, peer tunnel.Peer) error
	// RemovePeer removes a peer; removing an absent one succeeds.
	RemovePeer(ctx context.Context, mac linkspan.MAC) error
}

// Paths probes the direct way to other chassis.
type Paths interface {
	// SetPeers makes exactly these chassis probed.
	SetPeers(peers []linkspan.ChassisID)
	// Paths returns those to which the way is proved and those that do not answer.
	Paths() (proved, lost []linkspan.ChassisID)
	// Changed gets a value when Paths may have changed.
	Changed() <-chan struct{}
}

// Overlays writes where the endpoints of overlay networks are, by VNI, which is
// the network's number. SetPeers may be repeated, also after an error of either.
type Overlays interface {
	// SetPeers makes exactly these known of a network; those of this host may
	// be among them.
	SetPeers(ctx context.Context, vni uint32, peers []overlay.Peer) error
	// ChangePeers makes some known, and others not any more.
	ChangePeers(ctx context.Context, vni uint32, come, gone []overlay.Peer) error
	// Peered returns the networks of which others are known.
	Peered() []uint32
}

var (
	_ Peers = (*tunnel.Tunnel)(nil)
	_ Paths = (*direct.Direct)(nil)

	_ Overlays = (*overlay.Driver)(nil)
)

// The defaults of a Config, and the limits of its queue.
const (
	DefaultGrace   = 60 * time.Second
	DefaultAttempt = 5 * time.Second
	maxReports     = 256 // events that wait for the controller; the oldest goes first
)

// Config is what a Fabric is made of. Chassis, Client, Networks, Peers, Store
// and Log are needed.
type Config struct {
	Chassis  linkspan.ChassisID // this host
	Client   apiv1connect.ChassisServiceClient
	Networks apiv1connect.NetworkServiceClient
	Peers    Peers
	Paths    Paths    // nil: this host has no direct port
	Overlays Overlays // nil: this host has no overlay networks
	Store    kv.Store // the host's own; keys under "fabric/"
	Version  string   // of this program
	Underlay netip.Addr
	MTU      int // of the underlay, bytes
	Log      *slog.Logger

	Grace   time.Duration // how long a stored endpoint may be unknown here before it is released; 0: DefaultGrace
	Attempt time.Duration // how long one try of a call may take; 0: DefaultAttempt
}

func (c *Config) applyDefaults() {
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.Attempt == 0 {
		c.Attempt = DefaultAttempt
	}
}

func (c *Config) validate() error {
	missing := ""
	switch {
	case c.Chassis == 0:
		missing = "chassis number"
	case c.Client == nil || c.Networks == nil:
		missing = "client"
	case c.Peers == nil:
		missing = "peers"
	case c.Store == nil:
		missing = "store"
	case c.Log == nil:
		missing = "log"
	default:
		return nil
	}
	return &linkspan.Error{Code: linkspan.Invalid, Op: "make fabric", Message: "no " + missing + " is configured"}
}
