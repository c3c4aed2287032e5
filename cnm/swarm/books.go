// SPDX-License-Identifier: Apache-2.0

package swarm

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/store/kv"
)

// The times of the books.
const (
	Claim    = time.Minute            // how long a pool waits to be told of with its network
	Farewell = 10 * time.Minute       // how long a freed network is still looked for in the fabric
	Interval = 30 * time.Second       // between two looks without a reason
	firstTry = 250 * time.Millisecond // after a failure, doubled each time
	oneCall  = 10 * time.Second       // of one call to the controller
)

// poolMark begins the ids of pools that are in the books.
const poolMark = "swarm-"

// Fabric is what the books need of package fabric.
type Fabric interface {
	Ready() (connected bool, since time.Time)
	Networks() []linkspan.Network
	Changed() (changed <-chan struct{}, stop func())
	// Remove removes a network. Code NotFound: there is none; InUse: it has
	// endpoints.
	Remove(ctx context.Context, id linkspan.NetworkID) error
}

// Config is what [Books] are made of. All but the last two are needed.
type Config struct {
	Store  kv.Store // the host's own; keys under "swarm/"
	Fabric Fabric
	// Of returns the id of the swarm's network that a network of the fabric is;
	// empty: it is none's.
	Of func(n linkspan.Network) string
	// Check refuses a network that the driver cannot have, as for an option that
	// is wrong.
	Check func(n cnm.Network) error
	// Lives says whether the swarm has the network, as far as this host's dockerd
	// knows: managers know of all.
	Lives func(ctx context.Context, network string) (bool, error)
	Log   *slog.Logger

	// Avoid returns subnets that no chosen pool may overlap with; nil: none.
	Avoid func(context.Context) ([]netip.Prefix, error)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Books are the books of one manager. All methods may be called concurrently.
type Books struct {
	cfg  Config
	ipam *pool.IPAM
	wake chan struct{}

	mu    sync.Mutex // held while the store is written, too: a manager asks one thing at a time
	pools map[string]record
	used  map[string]map[netip.Addr]struct{} // by pool
	freed map[string]time.Time               // networks, since
}

// New reads the books. The error is that of the store, or has code Invalid when a
// part is missing.
func New(ctx context.Context, cfg Config) (*Books, error) {
	if cfg.Store == nil || cfg.Fabric == nil || cfg.Of == nil || cfg.Check == nil || cfg.Lives == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "open the books of the swarm", Message: "a part is not configured"}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	b := &Books{
		cfg: cfg, wake: make(chan struct{}, 1),
		pools: make(map[string]record), used: make(map[string]map[netip.Addr]struct{}), freed: make(map[string]time.Time),
	}
	b.ipam = pool.New(pool.Options{
		Avoid: cfg.Avoid, Now: cfg.Now, NewID: func() string { return poolMark + rand.Text() },
	})
	if err := b.load(ctx); err != nil {
		return nil, fmt.Errorf("read the books of the swarm: %w", err)
	}
	return b, nil
}

// Has says whether a pool of that id is, or was, one of the books.
func (*Books) Has(pool string) bool { return strings.HasPrefix(pool, poolMark) }

// Subnets returns those in the books, which no network of the fabric may have yet.
func (b *Books) Subnets() []netip.Prefix {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []netip.Prefix
	for _, r := range b.pools {
		all = append(all, r.Subnet)
	}
	return all
}

// Run forgets what was never told of, and removes from the fabric what the swarm
// has removed, until ctx ends; it returns the context's error.
func (b *Books) Run(ctx context.Context) error {
	changed, stop := b.cfg.Fabric.Changed()
	defer stop()
	failures := 0
	for {
		err := b.tidy(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := Interval
		if err != nil {
			b.cfg.Log.Debug("the books of the swarm are not in order yet", "error", err)
			pause = min(firstTry<<min(failures, 16), Interval)
			failures++
		} else {
			failures = 0
		}
		news := changed
		if err != nil {
			news = nil // a removal that is refused is news, too
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-b.wake:
		case <-news:
		}
		timer.Stop()
	}
}

func (b *Books) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
