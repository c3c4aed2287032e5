// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
)

// Switch is the local Open vSwitch seen through one integration bridge. All
// methods may be called concurrently.
type Switch struct {
	cfg     Config
	log     *slog.Logger
	stop    context.CancelFunc
	closed  <-chan struct{}
	wg      sync.WaitGroup
	changes chan *change

	restore sync.Mutex // held while the management socket is being restored

	mu    sync.Mutex
	live  *session      // nil while ovsdb-server is away
	ready chan struct{} // closed while live is not nil
}

// Open connects to the local database and returns when its contents are known,
// or linkspan.Unavailable when ctx ends before that. From then on a lost
// connection is made again in the background until Close.
func Open(ctx context.Context, cfg Config) (*Switch, error) {
	s := Start(cfg)
	if _, err := s.session(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Start is Open that does not wait: for those who go on without Open vSwitch, and whose
// calls wait for it.
func Start(cfg Config) *Switch {
	cfg = cfg.Default()
	run, stop := context.WithCancel(context.Background())
	s := &Switch{cfg: cfg, log: cfg.Log, stop: stop, closed: run.Done(),
		changes: make(chan *change), ready: make(chan struct{})}
	s.wg.Go(func() { s.connect(run) })
	s.wg.Go(func() { s.write(run) })
	return s
}

// Close ends the connection and returns when all of the Switch's goroutines
// have ended. The bridge, its ports and its flows stay. Calls that still wait
// return linkspan.Unavailable.
func (s *Switch) Close() {
	s.stop()
	s.wg.Wait()
}

const (
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

func (s *Switch) connect(ctx context.Context) {
	backoff := firstBackoff
	for ctx.Err() == nil {
		live, err := dial(ctx, s.cfg.Socket)
		if err != nil {
			s.log.DebugContext(ctx, "ovsdb is away", "socket", s.cfg.Socket, "error", err, "retry_in", backoff)
			pause(ctx, backoff)
			backoff = min(2*backoff, lastBackoff)
			continue
		}
		backoff = firstBackoff
		s.serve(ctx, live)
	}
}

func (s *Switch) serve(ctx context.Context, live *session) {
	s.publish(live)
	s.log.InfoContext(ctx, "ovsdb connected", "socket", s.cfg.Socket)
	select {
	case <-live.gone:
		s.log.WarnContext(ctx, "ovsdb connection lost", "socket", s.cfg.Socket)
	case <-ctx.Done():
	}
	s.publish(nil)
	live.close()
}

func (s *Switch) publish(live *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = live
	if live != nil {
		close(s.ready)
	} else {
		s.ready = make(chan struct{})
	}
}

// session returns the live session, waiting for one until ctx ends.
func (s *Switch) session(ctx context.Context) (*session, error) {
	for {
		s.mu.Lock()
		live, ready := s.live, s.ready
		s.mu.Unlock()
		if live != nil {
			select {
			case <-live.gone: // not yet retracted
				pause(ctx, time.Millisecond)
			default:
				return live, nil
			}
		}
		if ctx.Err() != nil {
			return nil, away("the Open vSwitch database is away", ctx.Err())
		}
		select {
		case <-ready:
		case <-s.closed:
			return nil, errClosed
		case <-ctx.Done():
		}
	}
}

// with runs do on the live session, and again on the next one when the
// connection is lost under it: everything here may be repeated. The context of
// do ends with the connection, as the library waits for one that is lost to
// come back, which it never does here, and with attemptTimeout, after which the
// connection counts as lost.
func (s *Switch) with(ctx context.Context, do func(context.Context, *session) error) error {
	for {
		live, err := s.session(ctx)
		if err != nil {
			return err
		}
		lost, err := live.attempt(ctx, do)
		if !lost {
			return err
		}
	}
}

// errClosed is never changed.
var errClosed = &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch is closed"}

func away(what string, cause error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Message: what, Err: cause,
		Hint: "look at `systemctl status openvswitch-switch`"}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
