// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

const (
	firstBackoff = 10 * time.Millisecond
	lastBackoff  = time.Second
	beat         = 500 * time.Millisecond // between two looks at what time has changed
	arrival      = 5 * time.Second        // of a bridge that was just made
)

// Run follows br-switch and the hosts behind it until ctx ends. Flows, patches and
// endpoints stay.
func (k *Keeper) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { k.follow(ctx) })
	parts.Go(func() { k.tend(ctx) })
	parts.Go(func() { k.plugAll(ctx) })
	parts.Go(func() { k.findAll(ctx) })
	parts.Wait()
	return nil
}

// follow keeps a connection to br-switch. Where nothing is configured that needs it, it is
// not dialled again once it is away: at a start it may hold what a process before has left.
func (k *Keeper) follow(ctx context.Context) {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(2*wait, lastBackoff) {
		conn, err := k.options.Dial(ctx)
		if err == nil {
			began := time.Now()
			err = k.serve(ctx, newChannel(conn))
			if time.Since(began) > lastBackoff { // one that refuses is not asked again at once
				wait = firstBackoff
			}
			if ctx.Err() == nil {
				k.options.Log.Info("br-switch is away", slog.Any("error", err))
			}
		}
		var again <-chan time.Time
		if k.needed() {
			again = time.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-k.dial:
			wait = firstBackoff
		case <-again:
		}
	}
}

// needs notes whether br-switch is needed, and has it dialled if it is and is away.
func (k *Keeper) needs(bridge bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.need = bridge; !bridge || k.live != nil {
		return
	}
	select {
	case k.dial <- struct{}{}:
	default: // it will be dialled
	}
}

func (k *Keeper) needed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.need
}

// present waits until br-switch is there for those who need it: it may just have been made.
func (k *Keeper) present(ctx context.Context, w *wish) error {
	k.mu.Lock()
	there, came, before := k.live != nil, k.came, k.is.wish
	k.mu.Unlock()
	if there || !w.needsBridge() {
		return nil
	}
	k.needs(true)
	ctx, cancel := context.WithTimeoutCause(ctx, arrival, errAway)
	defer cancel()
	select {
	case <-came:
		return nil
	case <-ctx.Done():
		k.needs(before.needsBridge())
		return context.Cause(ctx)
	}
}

// serve serves a connection until it ends.
func (k *Keeper) serve(ctx context.Context, c *channel) error {
	defer context.AfterFunc(ctx, func() { _ = c.conn.Close() })()
	ended := make(chan error, 1)
	if err := c.greet(); err != nil {
		return errors.Join(err, c.conn.Close())
	}
	go func() { ended <- c.read(k.heard, k.noted) }()
	defer k.away(c)
	if err := k.begin(ctx, c); err != nil {
		_ = c.conn.Close() // ends the reading
		return errors.Join(err, <-ended)
	}
	err := <-ended
	_ = c.conn.Close() // err says why
	return err
}

// away notes that a connection has ended, however far it had come.
func (k *Keeper) away(c *channel) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live == c {
		k.live, k.came = nil, make(chan struct{})
	}
}

// begin learns what the bridge has, and brings its flows to what they should be.
func (k *Keeper) begin(ctx context.Context, c *channel) error {
	err := c.ports(ctx, k.seen)
	if err == nil {
		err = c.learn(ctx)
	}
	if err == nil {
		err = k.recall(ctx)
	}
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.recallBearers(c)
	close(k.came)
	if k.live = c; !k.met {
		k.met = true
		k.is.fallen = k.is.wish.lost.fallBack && k.is.wish.wantsController() && c.decides()
	}
	k.mu.Unlock()
	if err := k.refresh(ctx); err != nil {
		return err
	}
	k.seekIn(k.watchedVLANs())
	k.wake()
	return nil
}

// seen takes in which interfaces br-switch has.
func (k *Keeper) seen(all devices) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.devices = all
}

// watchedVLANs returns the VLANs whose hosts are to be known.
func (k *Keeper) watchedVLANs() []uint16 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.is.wish.fresh(new(wish))
}

// noted takes in that an interface of br-switch has come, gone or changed. Where one is up
// that was not, hosts may be behind it.
func (k *Keeper) noted(status *openflow.PortStatus) {
	k.mu.Lock()
	name := status.Port.Name()
	was := k.devices[name].up
	k.devices.note(&status.Port, status.Reason == openflow.PortDelete)
	if p := k.is.wish.of(name); p != nil && !was && k.devices[name].up {
		for i := range k.is.wish.vlans {
			v := &k.is.wish.vlans[i]
			if passes, _ := p.carries(v.id); passes && v.watches() {
				k.toScan[v.id] = true
			}
		}
	}
	k.mu.Unlock()
	k.wake()
}

// refresh brings the flows of br-switch to what is arranged and known. The error has code
// Unavailable when it is away; they are brought to it when it is back.
func (k *Keeper) refresh(ctx context.Context) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	networks := k.networks()
	k.mu.Lock()
	live, told := k.live, k.told
	set := k.flows(networks)
	k.mu.Unlock()
	switch {
	case !told:
		return nil
	case live == nil && len(set.Flows) == 0:
		return nil // nothing is missed
	case live == nil:
		return errAway
	}
	return live.set(ctx, &set)
}

// tend does what time brings: hosts are asked whether they are there, and forgotten; without a
// controller the switch decides itself.
func (k *Keeper) tend(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		k.age(time.Now())
		k.lose(ctx, time.Now())
	}
}
