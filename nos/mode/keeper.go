// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/ovs"
)

// Ports are the ports of br-switch, and its patches to another bridge; see [ovs.Switch].
type Ports interface {
	AddJoints(ctx context.Context, far string, joints []ovs.Joint) error
	DelJoints(ctx context.Context, far string, joints []ovs.Joint) error
	Ports(ctx context.Context) ([]ovs.PortStatus, error)
}

// Fabric is the fabric as this switch sees it.
type Fabric interface {
	// Ready says whether the controller is followed, and since when it is so.
	Ready() (connected bool, since time.Time)
	// Networks returns the networks that there are.
	Networks() []linkspan.Network
	// Endpoints returns this switch's endpoints as the controller has them stored.
	Endpoints() []linkspan.Endpoint
	// Reserve leases an address to this switch. Code Exists: it is somebody else's.
	Reserve(ctx context.Context, network linkspan.NetworkID, address netip.Addr, container string) (netip.Addr, error)
	// Attach stores an endpoint of this switch over the reservation of its address.
	Attach(ctx context.Context, e linkspan.Endpoint) error
	// Release frees an address; one that is free is fine.
	Release(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error
}

// Numbers hands out the numbers of ports on br-link.
type Numbers interface {
	// Number returns the number that id holds or, if it holds none, one that it then holds.
	Number(id string) (uint32, error)
	// Hold notes that id holds a number, from before this process.
	Hold(id string, number uint32)
	// Free gives back what id holds.
	Free(id string)
}

// Names knows who bears which address in the networks of the fabric, on whatever host.
type Names interface {
	// Bearer returns the name of who has an address, "" if nobody has.
	Bearer(ctx context.Context, network linkspan.NetworkID, address netip.Addr) (string, error)
}

// Link is what a switch has once it is in the fabric.
type Link struct {
	Fabric  Fabric
	Bridge  string // br-link
	Numbers Numbers
	Names   Names // nil: of containers, only those of this host are stations of a VLAN that the switch itself decides about
}

// Guests are the bridges of foreign controllers; see [ovs.Switch].
type Guests interface {
	// SetGuests makes exactly these bridges exist of those that it has made.
	SetGuests(ctx context.Context, guests []ovs.Guest) error
}

// Options is what a [Keeper] is made of. Dial and Ports are needed.
type Options struct {
	Dial   func(context.Context) (net.Conn, error) // opens the management socket of br-switch
	Ports  Ports                                   // of br-switch
	Guests Guests                                  // nil: foreign controllers are refused
	Log    *slog.Logger                            // default: discard

	Prepare time.Duration // how long a change is prepared at most; default 3 s
	Watch   time.Duration // how long hosts may take to answer after it; default 2 s
	Settle  time.Duration // how long a host may be silent whose address another has, and it stays its: it is asked each second meanwhile; default 3 s
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Prepare == 0 {
		o.Prepare = 3 * time.Second
	}
	if o.Watch == 0 {
		o.Watch = 2 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 3 * time.Second
	}
	return o
}

// Keeper implements [config.Host] for control modes. All methods may be called
// concurrently.
type Keeper struct {
	options Options
	writing sync.Mutex    // held while flows are written, in the order in which they were made
	turn    chan struct{} // held during a change
	work    chan struct{} // a token when hosts are to be plugged or unplugged
	asks    chan struct{} // a token when hosts have asked for somebody
	dial    chan struct{} // a token when br-switch is to be dialled now

	mu       sync.Mutex
	is       arrangement
	hosts    *hosts
	gone     []*station // to be unplugged
	bearers  bearers
	devices  devices
	live     *channel      // nil while br-switch is away
	came     chan struct{} // closed while it is not
	met      bool          // br-switch was there since this process began
	need     bool          // something is configured, or is about to be, that needs it
	link     *Link         // nil while the switch is not in the fabric
	since    time.Time
	later    time.Time            // before which a change that failed is not tried again
	told     bool                 // a configuration was applied: flows may be written
	recalled bool                 // hosts that a process before has plugged are known
	toScan   map[uint16]bool      // VLANs all of whose hosts are to be asked for
	asked    map[place]time.Time  // when somebody was last asked for
	recent   []Change             // the last changes, for people
	full     map[string]time.Time // when it was last said of a port that more hosts are behind it than may be
}

var _ config.Host = (*Keeper)(nil)

// New returns a keeper for which nothing is configured. Nothing runs before Run.
func New(options Options) *Keeper {
	options = options.withDefaults()
	return &Keeper{
		options: options, turn: make(chan struct{}, 1), work: make(chan struct{}, 1), asks: make(chan struct{}, 1),
		dial: make(chan struct{}, 1), came: make(chan struct{}),
		is: arrangement{wish: new(wish)}, hosts: newHosts(options.Settle), bearers: make(bearers), devices: make(devices), toScan: make(map[uint16]bool), asked: make(map[place]time.Time), full: make(map[string]time.Time), since: time.Now(),
	}
}

// Join says that the switch is in the fabric. The numbers of hosts that are plugged are held
// when it returns.
func (k *Keeper) Join(l Link) {
	k.mu.Lock()
	k.link, k.since = &l, time.Now()
	for _, s := range k.hosts.all {
		k.hold(s)
	}
	k.mu.Unlock()
	k.wake()
}

// Leave says that the switch is not in the fabric any more.
func (k *Keeper) Leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.link, k.since = nil, time.Now()
}

// wake has hosts plugged and unplugged.
func (k *Keeper) wake() {
	select {
	case k.work <- struct{}{}:
	default:
	}
}

// connected says whether the controller is there, and since when it is so.
func (k *Keeper) connected() (bool, time.Time) {
	k.mu.Lock()
	link, since := k.link, k.since
	k.mu.Unlock()
	if link == nil {
		return false, since
	}
	return link.Fabric.Ready()
}

// networks returns the fabric's networks that have hosts by routes, by name.
func (k *Keeper) networks() map[string]linkspan.Network {
	k.mu.Lock()
	link := k.link
	k.mu.Unlock()
	all := make(map[string]linkspan.Network)
	if link == nil {
		return all
	}
	for _, n := range link.Fabric.Networks() {
		if n.Driver.Is(linkspan.Hotplug) {
			all[n.Name] = n
		}
	}
	return all
}

// Endpoints returns the hosts that are endpoints of the fabric, as they are stored there.
func (k *Keeper) Endpoints() []linkspan.Endpoint {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []linkspan.Endpoint
	for _, s := range k.hosts.list() {
		if s.number == 0 {
			continue
		}
		e := s.endpoint()
		if !s.six {
			e.Address6 = netip.Addr{}
		} else {
			all = append(all, linkspan.Endpoint{Network: e.Network, Address: e.Address6, Container: e.Container, Created: e.Created})
		}
		all = append(all, e)
	}
	return all
}
