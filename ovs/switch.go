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
	*database
	cfg     Config
	log     *slog.Logger
	stop    context.CancelFunc
	closed  <-chan struct{}
	wg      sync.WaitGroup
	changes chan *change
	left    sync.Once // what it shares of the connection

	restore sync.Mutex // held while the management socket is being restored
}

// Open connects to the local database and returns when its contents are known,
// or linkspan.Unavailable when ctx ends before that. From then on a lost
// connection is made again in the background until Close.
func Open(ctx context.Context, cfg Config) (*Switch, error) { return opened(ctx, Start(cfg)) }

// OpenBeside is Open for another bridge of the Open vSwitch that a Switch is of, over
// the same connection to its database, which ends with the last of them.
func OpenBeside(ctx context.Context, other *Switch, bridge string) (*Switch, error) {
	cfg := other.cfg
	cfg.Bridge = bridge
	other.share()
	return opened(ctx, begin(cfg, other.database))
}

func opened(ctx context.Context, s *Switch) (*Switch, error) {
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
	return begin(cfg, startDatabase(cfg))
}

// begin begins a switch, which has its share of a connection.
func begin(cfg Config, db *database) *Switch {
	run, stop := context.WithCancel(context.Background())
	s := &Switch{database: db, cfg: cfg, log: cfg.Log, stop: stop, closed: run.Done(), changes: make(chan *change)}
	s.wg.Go(func() { s.write(run) })
	return s
}

// Close ends the connection, if nobody else has it, and returns when all of the Switch's goroutines
// have ended. The bridge, its ports and its flows stay. Calls that still wait
// return linkspan.Unavailable.
func (s *Switch) Close() {
	s.stop()
	s.wg.Wait()
	s.left.Do(s.release)
}

// session returns the live session, waiting for one until ctx ends.
func (s *Switch) session(ctx context.Context) (*session, error) {
	for {
		select {
		case <-s.closed:
			return nil, errClosed
		default:
		}
		live, ready := s.state()
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
