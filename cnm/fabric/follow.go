// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// firstMessageTries is how long a snapshot may take, counted in tries of a
// call: it is the largest message there is.
const firstMessageTries = 3

// follow keeps one stream open until ctx ends.
func (f *Fabric) follow(ctx context.Context) {
	var pauses backoff
	told := ""
	for ctx.Err() == nil {
		before := f.snapshotCount()
		err := f.stream(ctx)
		f.setConnected(false)
		if ctx.Err() != nil {
			return
		}
		if f.snapshotCount() != before {
			pauses.reset()
			told = ""
		}
		if text := err.Error(); text != told {
			f.cfg.Log.Warn("not connected to the fabric", "error", err)
			told = text
		}
		_ = pauses.wait(ctx, nil) // its error is seen at the top of the loop
	}
}

// stream opens one stream and applies what it brings until it ends. It returns
// only after the peers' goroutine has, so that no acknowledgement of this
// stream can follow the opening of the next.
func (f *Fabric) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	f.beginStream()
	wg.Go(func() {
		defer cancel()
		f.watch(ctx)
	})
	in, err := f.cfg.Client.Follow(ctx, connect.NewRequest(f.followRequest()))
	if err != nil {
		return api.FromRPC(err)
	}
	defer in.Close()
	p, o := newPeering(f), newOverlaying(f)
	wg.Go(func() { p.run(ctx) })
	wg.Go(func() { o.run(ctx) })
	for in.Receive() {
		if err := f.apply(ctx, in.Msg(), p, o); err != nil {
			return err
		}
	}
	return streamError(in.Err())
}

// watch returns when the stream is to end: a new one was asked for, or the
// controller took the request and then said nothing.
func (f *Fabric) watch(ctx context.Context) {
	first := time.NewTimer(f.cfg.Attempt * firstMessageTries)
	defer first.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.again:
			return
		case <-first.C:
			if connected, _ := f.Ready(); !connected {
				return
			}
		}
	}
}

func (f *Fabric) followRequest() *apiv1.ChassisServiceFollowRequest {
	r := &apiv1.ChassisServiceFollowRequest{Version: f.cfg.Version, Mtu: uint32(f.cfg.MTU)}
	if f.cfg.Underlay.IsValid() {
		r.Underlay = f.cfg.Underlay.String()
	}
	return r
}

// streamError names the end of a stream; one that ended well ended too early.
func streamError(err error) error {
	if err == nil {
		err = io.EOF
	} else {
		err = api.FromRPC(err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) {
		return &linkspan.Error{Code: linkspan.Unavailable, Op: "follow the fabric", Message: "the stream ended", Err: err}
	}
	return err
}

func (f *Fabric) snapshotCount() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshots
}

// beginStream forgets which endpoints our calls changed: the snapshot to come
// is younger than all of them.
func (f *Fabric) beginStream() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.touched)
	select {
	case <-f.again: // a new snapshot is what was asked for
	default:
	}
}

// setConnected notes a change of state and tells of it.
func (f *Fabric) setConnected(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.connected == on {
		return
	}
	f.connected, f.since = on, time.Now()
	f.tell()
}

// refollow asks for a new stream, and with it a snapshot, because a call ended
// without saying whether it was done. It does nothing while no stream is up.
func (f *Fabric) refollow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.connected {
		return
	}
	select {
	case f.again <- struct{}{}:
	default:
	}
}
