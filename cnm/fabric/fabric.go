// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Fabric is the host's view of the fabric. All methods may be called
// concurrently.
type Fabric struct {
	cfg     Config
	reports chan linkspan.Event
	again   chan struct{} // asks the follow loop for a new stream

	saved map[linkspan.NetworkID]linkspan.Network // what the local store has; used by the stream only

	mu        sync.Mutex
	networks  map[linkspan.NetworkID]linkspan.Network // records are never changed in place
	stored    map[key]linkspan.Endpoint               // this chassis's endpoints, as the controller has them
	touched   map[key]struct{}                        // changed by our own calls since the stream was opened
	released  map[key]time.Time                       // by us, not long ago
	orphans   map[key]time.Time                       // stored, unknown here, since
	connected bool
	since     time.Time // of connected or not
	snapshots uint64    // how many have come
	listeners map[chan struct{}]struct{}
	placed    map[key]linkspan.MAC          // endpoints of this host in overlays whose others are known here
	placing   chan struct{}                 // closed when that changes
	lastPeers map[linkspan.ChassisID]former // never changed
	bridged   map[string][]netip.Prefix     // where networks of this host lead; the lists are never changed
}

// key names an endpoint: an address is unique in its network on all chassis.
type key struct {
	network linkspan.NetworkID
	address string // netip.Addr's own zone pointer would make two of one
}

func keyOf(e *linkspan.Endpoint) key { return key{e.Network, e.Address.Unmap().String()} }

// New makes a Fabric that knows the networks the local store holds. Nothing
// runs before Run.
func New(ctx context.Context, cfg Config) (*Fabric, error) {
	cfg.applyDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	f := &Fabric{
		cfg:       cfg,
		reports:   make(chan linkspan.Event, maxReports),
		again:     make(chan struct{}, 1),
		stored:    make(map[key]linkspan.Endpoint),
		touched:   make(map[key]struct{}),
		released:  make(map[key]time.Time),
		orphans:   make(map[key]time.Time),
		since:     time.Now(),
		listeners: make(map[chan struct{}]struct{}),
		placed:    make(map[key]linkspan.MAC),
		placing:   make(chan struct{}),
	}
	var err error
	if f.saved, err = loadNetworks(ctx, cfg.Store); err != nil {
		return nil, err
	}
	f.networks = maps.Clone(f.saved)
	return f, nil
}

// Run follows the controller and delivers reports until ctx ends; it returns
// the context's error.
func (f *Fabric) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { f.deliver(ctx) })
	f.follow(ctx)
	wg.Wait()
	return ctx.Err()
}

// Ready says whether the stream is up and its snapshot applied, and since when
// it has been so. While it is not, Networks may be out of date.
func (f *Fabric) Ready() (connected bool, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connected, f.since
}

// Networks returns the networks of the fabric as last heard of, by id. The
// records are the caller's to read, their labels not to change.
func (f *Fabric) Networks() []linkspan.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.networks), func(a, b linkspan.Network) int {
		return int(a.ID) - int(b.ID)
	})
}

// Network returns one network; ok is false when the fabric has none of that id.
func (f *Fabric) Network(id linkspan.NetworkID) (n linkspan.Network, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok = f.networks[id]
	return n, ok
}

// Endpoints returns this chassis's endpoints as the controller has them stored,
// in no order. It is empty until the first snapshot.
func (f *Fabric) Endpoints() []linkspan.Endpoint {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.stored))
}

// Changed returns a channel that holds a token after anything that Ready or
// Networks tell of may have changed, and after each snapshot; tokens do not
// pile up. Call stop when done.
func (f *Fabric) Changed() (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners[ch] = struct{}{}
	return ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, ch)
	}
}

// tell wakes the listeners; f.mu is held.
func (f *Fabric) tell() {
	for ch := range f.listeners {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
