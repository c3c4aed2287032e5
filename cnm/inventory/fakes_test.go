// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// bell is what wakes those who watch.
type bell struct {
	mu      sync.Mutex
	waiting []chan struct{}
}

func (b *bell) watch() (<-chan struct{}, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan struct{}, 1)
	b.waiting = append(b.waiting, c)
	return c, func() {}
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.waiting {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// model is a host whose networks and endpoints a test makes up.
type model struct {
	bell
	lock      sync.Mutex
	networks  map[string]cnm.Network
	endpoints map[string]cnm.Endpoint
}

func newModel() *model {
	return &model{networks: make(map[string]cnm.Network), endpoints: make(map[string]cnm.Endpoint)}
}

func (m *model) Networks() []cnm.Network {
	m.lock.Lock()
	defer m.lock.Unlock()
	return slices.Collect(maps.Values(m.networks))
}

func (m *model) Endpoints() []cnm.Endpoint {
	m.lock.Lock()
	defer m.lock.Unlock()
	return slices.Collect(maps.Values(m.endpoints))
}

func (m *model) Watch() (<-chan struct{}, func()) { return m.watch() }

func (m *model) change(do func()) {
	m.lock.Lock()
	do()
	m.lock.Unlock()
	m.ring()
}

// registry is a controller whose connection a test breaks. It fails the test
// when it is told what it must not be.
type registry struct {
	bell
	lock      sync.Mutex
	connected bool
	since     time.Time
	revision  uint64
	networks  map[string]linkspan.LocalNetwork
	endpoints map[string]linkspan.LocalEndpoint
	most      int      // endpoints that are kept; 0: any number
	compares  int      // how often it was asked
	changes   int      // how often it was told
	fault     []fault  // of the next calls
	late      []func() // calls that are still on their way
	wrong     []string
}

// fault is what happens to a call.
type fault uint8

const (
	none       fault = iota
	lost             // it does not arrive
	unanswered       // it is done, and the answer is lost
	delayed          // it arrives after the caller has given up
)

var errLost = errors.New("the connection is lost")

func newRegistry() *registry {
	return &registry{
		connected: true, since: time.Now(), networks: make(map[string]linkspan.LocalNetwork), endpoints: make(map[string]linkspan.LocalEndpoint),
	}
}

func (r *registry) Ready() (bool, time.Time) {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.connected, r.since
}

func (r *registry) Changed() (<-chan struct{}, func()) { return r.watch() }

// with does something to the registry and wakes the inventory.
func (r *registry) with(do func()) {
	r.lock.Lock()
	do()
	r.lock.Unlock()
	r.ring()
}

// look waits until the inventory rests, and looks at the registry.
func (r *registry) look(do func()) {
	synctest.Wait()
	r.lock.Lock()
	defer r.lock.Unlock()
	do()
}

// reconnect makes another connection of it, as after a restart.
func (r *registry) reconnect() {
	r.with(func() {
		next := r.since.Add(1)
		if now := time.Now(); now.After(next) {
			next = now
		}
		r.connected, r.since = true, next
	})
}

func (r *registry) next() fault {
	if len(r.fault) == 0 {
		return none
	}
	f := r.fault[0]
	r.fault = r.fault[1:]
	return f
}

func (r *registry) Compare(context.Context) (Stored, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.compares++
	if !r.connected || r.next() != none {
		return Stored{}, errLost
	}
	s := Stored{r.revision, make(map[string]uint64), make(map[string]uint64)}
	for id, n := range r.networks {
		s.Networks[id] = n.Digest()
	}
	for id, e := range r.endpoints {
		s.Endpoints[id] = e.Digest()
	}
	return s, nil
}

func (r *registry) Change(_ context.Context, revision uint64, c Change) (uint64, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.changes++
	if !r.connected {
		return 0, errLost
	}
	switch r.next() {
	case lost:
		return 0, errLost
	case unanswered:
		_, _ = r.do(revision, c)
		return 0, errLost
	case delayed:
		r.late = append(r.late, func() { _, _ = r.do(revision, c) })
		return 0, errLost
	}
	return r.do(revision, c)
}

// do does the change as a controller does; r.lock is held.
func (r *registry) do(revision uint64, c Change) (uint64, error) {
	if revision != r.revision {
		return 0, &linkspan.Error{Code: linkspan.Conflict, Message: "somebody else told"}
	}
	if n := len(c.Networks) + len(c.Endpoints) + len(c.NetworksRemoved) + len(c.EndpointsRemoved); n > maxRecords {
		r.wrong = append(r.wrong, fmt.Sprintf("%d records at once", n))
	}
	if r.most > 0 && len(r.endpoints)+len(c.Endpoints) > r.most {
		return 0, &linkspan.Error{Code: linkspan.Exhausted, Message: "too many"}
	}
	r.revision++
	for _, id := range c.EndpointsRemoved {
		delete(r.endpoints, id)
	}
	for _, n := range c.Networks {
		r.networks[n.ID] = n
	}
	for _, e := range c.Endpoints {
		r.endpoints[e.ID] = e
	}
	for _, id := range c.NetworksRemoved {
		delete(r.networks, id)
	}
	for _, e := range r.endpoints {
		if _, ok := r.networks[e.Network]; !ok {
			r.wrong = append(r.wrong, "endpoint "+e.ID+" is without its network")
		}
	}
	return r.revision, nil
}
