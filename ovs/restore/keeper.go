// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// DefaultLimit is how many bytes of flows are kept, about 200,000 of them.
const DefaultLimit = 64 << 20

// Config says whose flows to keep. Dial is needed.
type Config struct {
	Dial  func(context.Context) (net.Conn, error) // opens the bridge's management socket
	Limit int                                     // bytes kept; DefaultLimit when 0
	Log   *slog.Logger                            // default: discard
}

// Keeper keeps the flows of one bridge. All methods may be called concurrently.
type Keeper struct {
	cfg Config

	mu    sync.Mutex
	live  *session      // nil until the flows of this ovs-vswitchd are as they should be
	ready chan struct{} // closed while live is not nil
	stats Stats
}

// Stats is how a Keeper fares.
type Stats struct {
	Watching bool          // the copy follows the bridge
	Flows    int           // kept
	Meters   int           // kept
	Bytes    int           // that the copy takes, about
	Left     int           // flows that did not fit below the limit, since the copy began
	Restored uint64        // how often flows were put back
	Failed   uint64        // how often the bridge refused them
	Took     time.Duration // the last time, from the connection to the bridge's answer
}

// New returns a Keeper; Run makes it work.
func New(cfg Config) *Keeper {
	if cfg.Limit == 0 {
		cfg.Limit = DefaultLimit
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{cfg: cfg, ready: make(chan struct{})}
}

const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = 200 * time.Millisecond
)

// Run follows the bridge, over every restart of ovs-vswitchd, until ctx ends,
// and returns its error.
func (k *Keeper) Run(ctx context.Context) error {
	kept := newReplica(k.cfg.Limit)
	for wait := firstBackoff; ctx.Err() == nil; wait = min(2*wait, lastBackoff) {
		conn, err := k.cfg.Dial(ctx)
		if err == nil {
			wait = firstBackoff
			kept, err = k.follow(ctx, conn, kept)
			k.cfg.Log.InfoContext(ctx, "the bridge is away", "flows_kept", len(kept.flows), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return ctx.Err()
}

// Channel opens the bridge's management socket to an ovs-vswitchd that has its
// flows, and waits for that until ctx ends. Errors: Unavailable.
func (k *Keeper) Channel(ctx context.Context) (net.Conn, error) {
	for {
		live, err := k.await(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := k.cfg.Dial(ctx)
		// It may have died, and another one come, since live was told to be well.
		if live.ping(ctx) == nil {
			return conn, err
		}
		if err == nil {
			_ = conn.Close() // nothing was said on it
		}
		select {
		case <-live.gone:
		case <-ctx.Done():
		}
	}
}

// Wait returns when the bridge has its flows. Errors: Unavailable when ctx ends.
func (k *Keeper) Wait(ctx context.Context) error {
	_, err := k.await(ctx)
	return err
}

func (k *Keeper) await(ctx context.Context) (*session, error) {
	for {
		k.mu.Lock()
		live, ready := k.live, k.ready
		k.mu.Unlock()
		if live != nil {
			return live, nil
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "the bridge is away", Err: ctx.Err(),
				Hint: "look at `systemctl status openvswitch-switch`"}
		}
	}
}

// Stats returns how the Keeper fares.
func (k *Keeper) Stats() Stats {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stats
}

func (k *Keeper) publish(live *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.live, k.stats.Watching = live, live != nil
	if live != nil {
		close(k.ready)
	} else {
		k.ready = make(chan struct{})
	}
}

// count notes the size of the copy.
func (k *Keeper) count(r *replica) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stats.Flows, k.stats.Meters, k.stats.Bytes, k.stats.Left = len(r.flows), len(r.meters), r.bytes, r.left
}

// countRestore notes how putting back ended.
func (k *Keeper) countRestore(took time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stats.Took = took
	if err != nil {
		k.stats.Failed++
	} else {
		k.stats.Restored++
	}
}
