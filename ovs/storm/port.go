// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan"
)

// Port is an endpoint of a container that is attached to the bridge.
type Port struct {
	Number    uint32 // of the bridge, OpenFlow's
	Container string // its name, for people
	Network   linkspan.NetworkID
	Address   netip.Addr
	Address6  netip.Addr // of IPv6, beside Address; zero: it has none
	MAC       linkspan.MAC
	Link      string // the host's end of the veth
	Sandbox   string // path of the network namespace that has the other end
}

// Reading is what a port's counters say, in packets since some time in the
// past. A counter that fell began anew.
type Reading struct {
	Arrived uint64                // that the port sent and the bridge received
	Routes  map[string]uint64     // of these, what each of its routes took
	Denied  map[netip.Addr]uint64 // what the denials of the port's network dropped, by destination
}

// Traffic reads counters of the bridge.
type Traffic interface {
	// Read returns a Reading for each of the ports, in their order.
	Read(ctx context.Context, ports []Port) ([]Reading, error)
}

// Limit is what a fence limits beside what it always does; the zero value is
// nothing.
type Limit struct {
	All          bool         // the whole interface
	Destinations []netip.Addr // sorted; what is sent there, together, of each family
}

// Any says whether there is a limit.
func (l Limit) Any() bool { return l.All || len(l.Destinations) > 0 }

// Counts is what a fence did, in packets since it was last changed.
type Counts struct {
	ARP, Other   uint64 // held of ARP, and of what the bridge takes none of
	Held, Passed uint64 // by the limit
}

// Kind is what a port floods with.
type Kind string

// The kinds of floods.
const (
	ARP   Kind = "ARP"
	Other Kind = "neither IPv4 nor ARP"
	IPv4  Kind = "unroutable IPv4" // unknown or denied destinations, foreign sources
)

// State is a flood that lasts.
type State struct {
	Port  Port
	Kind  Kind
	Since time.Time
	Rate  uint64 // packets a second sent in vain, when last looked at
	Limit Limit  // of IPv4; ARP and Other are always limited
}
