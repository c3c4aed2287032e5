// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// database is the connection to ovsdb-server, and again when it is lost, with the
// replica filled from it. Switches share it.
type database struct {
	socket string
	log    *slog.Logger
	end    context.CancelFunc
	ended  sync.WaitGroup

	mu     sync.Mutex
	shares int           // of switches that are not closed
	live   *session      // nil while ovsdb-server is away
	ready  chan struct{} // closed while live is not nil
}

// startDatabase connects in the background, for one switch.
func startDatabase(cfg Config) *database {
	run, end := context.WithCancel(context.Background())
	d := &database{socket: cfg.Socket, log: cfg.Log, end: end, shares: 1, ready: make(chan struct{})}
	d.ended.Go(func() { d.connect(run) })
	return d
}

// share counts one more switch, of one that is not closed.
func (d *database) share() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shares++
}

// release ends the connection with the last switch, and then waits for its end.
func (d *database) release() {
	d.mu.Lock()
	d.shares--
	last := d.shares == 0
	d.mu.Unlock()
	if last {
		d.end()
		d.ended.Wait()
	}
}

// state returns the live session, nil if there is none, and what is closed when there is one.
func (d *database) state() (*session, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live, d.ready
}

const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

func (d *database) connect(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		live, err := dial(ctx, d.socket)
		if err != nil {
			d.log.DebugContext(ctx, "ovsdb is away", "socket", d.socket, "error", err, "retry_in", backoff)
			pause(ctx, backoff)
			backoff = min(2*backoff, lastBackoff)
			continue
		}
		backoff = firstBackoff
		d.serve(ctx, live)
	}
}

func (d *database) serve(ctx context.Context, live *session) {
	d.publish(live)
	d.log.InfoContext(ctx, "ovsdb connected", "socket", d.socket)
	select {
	case <-live.gone:
		d.log.WarnContext(ctx, "ovsdb connection lost", "socket", d.socket)
	case <-ctx.Done():
	}
	d.publish(nil)
	live.close()
}

func (d *database) publish(live *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.live = live
	if live != nil {
		close(d.ready)
	} else {
		d.ready = make(chan struct{})
	}
}
