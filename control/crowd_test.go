// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// crowd is chassis with two endpoints each, of one network.
type crowd struct {
	ctx    context.Context
	hub    *control.Hub
	fabric *controltest.Fabric
	conns  map[linkspan.ChassisID]*holding
	works  sync.WaitGroup

	mu   sync.Mutex
	ends map[linkspan.ChassisID]error
}

func inCrowd(t *testing.T, chassis int, test func(*testing.T, *crowd)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hub := control.New(control.Config{Log: slog.New(slog.DiscardHandler)})
		w := &crowd{
			ctx: ctx, hub: hub, fabric: controltest.NewFabric(hub),
			conns: make(map[linkspan.ChassisID]*holding), ends: make(map[linkspan.ChassisID]error),
		}
		hub.Update(view.PutNetwork(&linkspan.Network{ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/16"), Idle: time.Hour}))
		for id := range linkspan.ChassisID(chassis) {
			hub.Update(view.PutChassis(racingHost(id+1, "")))
			for i, key := range crowdKeys(id + 1) {
				hub.Update(view.PutEndpoint(&linkspan.Endpoint{
					Network: 7, Address: key.Address, Chassis: id + 1, Port: 10 + uint32(i), MAC: linkspan.MAC{2, 7, 0, 0, byte(id + 1), byte(i)},
				}))
			}
			w.connect(id + 1)
		}
		synctest.Wait()
		test(t, w)
		cancel()
		for _, c := range w.conns {
			c.speak()
		}
		w.works.Wait()
	})
}

// crowdKeys are the two endpoints of a chassis.
func crowdKeys(id linkspan.ChassisID) [2]view.Key {
	at := func(last byte) view.Key {
		return view.Key{Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, byte(id), last})}
	}
	return [2]view.Key{at(2), at(3)}
}

func (w *crowd) connect(id linkspan.ChassisID) {
	near, far := controltest.Pipe()
	c := &holding{Conn: near}
	w.conns[id] = c
	w.mu.Lock()
	delete(w.ends, id)
	w.mu.Unlock()
	s := w.fabric.Switch(id)
	w.works.Go(func() { _ = s.Serve(c) }) // ends with the connection
	w.works.Go(func() {
		err := w.hub.Accept(w.ctx, far, control.Peer{Chassis: id})
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.conns[id] == c {
			w.ends[id] = err
		}
	})
}

func (w *crowd) disconnect(id linkspan.ChassisID) {
	w.hub.Disconnect(id, "to see what stays")
	synctest.Wait()
}

// ended returns why the session of a chassis has ended, or nil.
func (w *crowd) ended(id linkspan.ChassisID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ends[id]
}

// follow has the Hub follow; the channel is closed when it has ended.
func (w *crowd) follow(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	w.works.Go(func() { defer close(done); w.hub.Follow(ctx) })
	return done
}

// plug has the endpoints of each chassis talk.
func (w *crowd) plug() {
	for id := range w.conns {
		ends := crowdKeys(id)
		w.fabric.Ping(ends[0], ends[1], 64)
	}
	synctest.Wait()
}

// plugged are the chassis that have flows of routes.
func (w *crowd) plugged() (ids []linkspan.ChassisID) {
	for id := range w.conns {
		if slices.ContainsFunc(w.fabric.Switch(id).Flows(), func(f controltest.Flow) bool { return pipeline.Cookie(f.Cookie).Kind().Plugged() }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// since tells the sessions there are by when they began.
func (w *crowd) since() map[linkspan.ChassisID]time.Time {
	all := make(map[linkspan.ChassisID]time.Time)
	for id := range w.conns {
		if info, ok := w.hub.Connected(id); ok {
			all[id] = info.Since
		}
	}
	return all
}

// deny denies all to everybody.
func (w *crowd) deny(id linkspan.PolicyID) *linkspan.Policy {
	return &linkspan.Policy{ID: id, Name: "deny", Action: linkspan.PolicyDeny}
}

// allow allows all to everybody, before others.
func (w *crowd) allow(id linkspan.PolicyID) *linkspan.Policy {
	return &linkspan.Policy{ID: id, Name: "allow", Action: linkspan.PolicyAllow, Priority: 9}
}

// holding is a switch's connection that holds answers about flows back while it is mute.
type holding struct {
	*controltest.Conn
	mu   sync.Mutex
	held bool
	back [][]byte
}

func (c *holding) mute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

// speak sends what was held back, and holds nothing back any more.
func (c *holding) speak() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.back {
		_, _ = c.Conn.Write(m) // a controller that is gone misses it
	}
	c.held, c.back = false, nil
}

// kept is how many answers are held back.
func (c *holding) kept() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.back)
}

// Write lets through what is not held back.
func (c *holding) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		m, rest, err := openflow.SplitMessage(b)
		if err != nil {
			return 0, err
		}
		b = rest
		if c.held && m.Type() == openflow.TypeMultipartReply {
			c.back = append(c.back, slices.Clone(m))
			continue
		}
		if _, err := c.Conn.Write(m); err != nil {
			return 0, err
		}
	}
	return n, nil
}
