// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
)

// RouteEventKind says what happened to a route.
type RouteEventKind uint8

// The kinds of route events.
const (
	Plugged   RouteEventKind = iota + 1
	Unplugged                // one direction, on the chassis where it begins
	Denied
)

// RouteEvent is something that happened to a route.
type RouteEvent struct {
	Time           time.Time
	Kind           RouteEventKind
	Network        linkspan.NetworkID // of From
	ToNetwork      linkspan.NetworkID // of To, as far as is known; most often the same
	From, To       netip.Addr
	Chassis        linkspan.ChassisID // where it was asked, or whose flow went
	Reason         string
	Packets, Bytes uint64        // of what was unplugged
	Duration       time.Duration // that it was plugged, its idle time included

	// Tracked says of what was unplugged that its Packets went on to connection tracking, and
	// perhaps no further.
	Tracked bool

	// Policy is the name of the policy that decided, or "". Rejected says that the sender
	// was told.
	Policy   string
	Rejected bool
	// Log says that the policy asks for what it let through to be written down.
	Log bool
	// Protocol and Port are those of the connection that was asked for, of ICMP the type,
	// and From is who opened it; Protocol 0: nothing was asked for.
	Protocol uint8
	Port     uint16
}

// backlog is how many events wait for a slow watcher.
const backlog = 1024

// Watcher gets route events from its making on.
type Watcher struct {
	all    *watchers
	mu     sync.Mutex
	events []RouteEvent
	lost   int
	more   chan struct{}
}

// watchers are all there are; with none, events cost one load.
type watchers struct {
	some atomic.Bool
	mu   sync.Mutex
	set  map[*Watcher]struct{}
}

// Watch returns a Watcher, to be closed after use.
func (h *Hub) Watch() *Watcher {
	w := &Watcher{all: &h.watchers, more: make(chan struct{}, 1)}
	h.watchers.mu.Lock()
	defer h.watchers.mu.Unlock()
	if h.watchers.set == nil {
		h.watchers.set = make(map[*Watcher]struct{})
	}
	h.watchers.set[w] = struct{}{}
	h.watchers.some.Store(true)
	return w
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	delete(w.all.set, w)
	w.all.some.Store(len(w.all.set) > 0)
}

// Next waits for events and returns them in order, and how many older ones
// were lost since the last call because the watcher was slow.
func (w *Watcher) Next(ctx context.Context) (events []RouteEvent, lost int, err error) {
	for {
		w.mu.Lock()
		events, lost = w.events, w.lost
		w.events, w.lost = nil, 0
		w.mu.Unlock()
		if len(events) > 0 {
			return events, lost, nil
		}
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-w.more:
		}
	}
}

func (w *Watcher) add(e RouteEvent) {
	w.mu.Lock()
	if len(w.events) >= backlog {
		w.events = w.events[1:]
		w.lost++
	}
	w.events = append(w.events, e)
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// tell gives an event to all watchers.
func (all *watchers) tell(e RouteEvent) {
	e.Time = time.Now()
	all.mu.Lock()
	defer all.mu.Unlock()
	for w := range all.set {
		w.add(e)
	}
}
