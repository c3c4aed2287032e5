// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/api"
)

// Config says where the controller is.
type Config struct {
	Socket string // its local socket
	API    string // host:port of its API
	Dir    string // for keys, private
}

// Fleet is many hosts of one controller.
type Fleet struct {
	Hosts []*Host

	config  Config
	admin   *api.Client
	stop    context.CancelFunc
	lives   sync.WaitGroup
	bridges atomic.Int64 // in place
	told    atomic.Int64 // hosts that know all
	watch   atomic.Pointer[watch]
	tap     atomic.Pointer[func(Touch)]
}

// atOnce is how many calls are under way at a time, over all hosts.
const atOnce = 64

// New returns a fleet without hosts.
func New(c Config) *Fleet {
	return &Fleet{config: c, admin: api.Unix(c.Socket), stop: func() {}}
}

// Close ends all hosts and waits for them.
func (f *Fleet) Close() {
	f.stop()
	f.lives.Wait()
	f.admin.Close()
	for _, h := range f.Hosts {
		h.transport.CloseIdleConnections()
	}
}

// Admin is the administrator's client.
func (f *Fleet) Admin() *api.Client { return f.admin }

// Join lets n hosts join and follow, and has their bridges connected, until
// Close. It is called once.
func (f *Fleet) Join(ctx context.Context, n int) error {
	f.Hosts = make([]*Host, n)
	group, calls := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range f.Hosts {
		group.Go(func() (err error) {
			if f.Hosts[i], err = f.join(calls, i+1); err != nil {
				return fmt.Errorf("join host %d: %w", i+1, api.FromRPC(err))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		f.Hosts = nil
		return err
	}
	lives, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.stop = stop
	for _, h := range f.Hosts {
		f.lives.Go(func() { h.relay(lives) })
		f.lives.Go(func() { h.follow(lives) })
	}
	return f.InPlace(ctx)
}

// ControllerLost is to be called when the controller has ended, before another
// one starts: who is in place is counted anew.
func (f *Fleet) ControllerLost() {
	for _, h := range f.Hosts {
		h.knows.Store(false)
		h.Bridge.placed.Store(false)
	}
	f.bridges.Store(0)
	f.told.Store(0)
}

// InPlace waits until every bridge has its flows, and every host all that it
// must know, since the fleet joined or was told that the controller is lost.
func (f *Fleet) InPlace(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	n := int64(len(f.Hosts))
	for f.bridges.Load() < n || f.told.Load() < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d bridges are in place, %d hosts know all: %w",
				f.bridges.Load(), n, f.told.Load(), errors.Join(ctx.Err(), f.trouble()))
		}
	}
	return nil
}

// Count is what all bridges and streams got.
func (f *Fleet) Count() (bridges, streams Count) {
	for _, h := range f.Hosts {
		c := h.Bridge.Count()
		bridges.Messages += c.Messages
		bridges.Bytes += c.Bytes
		streams.Messages += h.messages.Load()
		streams.Bytes += h.bytes.Load()
	}
	return bridges, streams
}

// trouble returns why some connections broke last.
func (f *Fleet) trouble() error {
	var all []error
	for _, h := range f.Hosts {
		if err := h.broke.Load(); err != nil && len(all) < 3 {
			all = append(all, fmt.Errorf("host %d: %w", h.number, api.FromRPC(*err)))
		}
	}
	return errors.Join(all...)
}
