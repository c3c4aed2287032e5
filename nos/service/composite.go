// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// composite is one that runs: its gateway, and what is known of its containers.
type composite struct {
	manager *Manager
	name    string
	gateway *gateway.Gateway
	cancel  []context.CancelFunc // what is served for it

	mu       sync.Mutex
	spec     linkspan.Composite
	exposed  string // where it is served to the network, with what for
	unexpose context.CancelFunc
	members  map[uint64]*running // by generation
	offers   map[string]found    // by member: the container that is called
	waitsFor map[string]string   // members that are not healthy, and how they are
}

// running is one container of a member.
type running struct {
	backend *gateway.Backend
	serving context.CancelFunc // its call interface
	watch   context.CancelFunc // its checks
	state   string
	tries   int       // starts since it was healthy for a while
	started time.Time // the last one
	well    time.Time // since when it is healthy
	said    string    // what its check said last
}

// States of members, beside [gateway.Healthy].
const (
	stateStarting  = "starting"
	stateUnhealthy = "unhealthy"
	stateEnded     = "ended"
	stateWaiting   = "waiting" // for those it depends on
	stateStopped   = "stopped"
)

// open returns what is known of a composite that is to run.
func (m *Manager) open(p placed) *composite {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.live[p.Spec.Name]
	if c == nil {
		c = &composite{manager: m, name: p.Spec.Name, members: map[uint64]*running{}, offers: map[string]found{}, waitsFor: map[string]string{}}
		c.gateway = gateway.New(gateway.Options{Composite: c.name, Exec: executor{m, c}, Patience: m.options.Patience, Observe: m.observer(c.name), Denied: c.denied, Changed: c.changed, Log: m.options.Log})
		m.live[c.name] = c
		if m.ctx != nil {
			c.cancel = append(c.cancel, m.start(func(ctx context.Context) { m.serveHost(ctx, c) }))
		}
	}
	c.mu.Lock()
	c.spec = p.Spec
	c.mu.Unlock()
	return c
}

// closeOthers ends what is served for composites that are not to run.
func (m *Manager) closeOthers(v *view) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, c := range m.live {
		if _, runs := v.wanted[name]; runs {
			continue
		}
		c.close()
		delete(m.live, name)
	}
}

// emptyFolders removes the folders of sockets of composites that there are none of any more.
func (m *Manager) emptyFolders(v *view) {
	entries, _ := os.ReadDir(m.folders.run) // what is left takes some names
	for _, e := range entries {
		_, runs := v.wanted[e.Name()]
		_, kept := v.kept[e.Name()]
		if !runs && !kept && !slices.ContainsFunc(v.all, func(f found) bool { return f.composite == e.Name() }) {
			_ = os.RemoveAll(m.folders.composite(e.Name()))
		}
	}
}

func (c *composite) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cancel := range c.cancel {
		cancel()
	}
	if c.unexpose != nil {
		c.unexpose()
	}
	for _, r := range c.members {
		r.end()
	}
}

func (r *running) end() {
	for _, cancel := range []context.CancelFunc{r.serving, r.watch} {
		if cancel != nil {
			cancel()
		}
	}
	r.serving, r.watch = nil, nil
}

// of returns what is known of a container. It is called with mu held.
func (c *composite) of(f found) *running {
	r := c.members[f.generation]
	if r == nil {
		r = &running{backend: c.newBackend(f), state: stateStarting}
		c.members[f.generation] = r
	}
	return r
}

func (c *composite) newBackend(f found) *gateway.Backend {
	return gateway.NewBackend(c.manager.folders.bus(f.composite, f.member, f.generation))
}

// starts notes that a container is being started.
func (c *composite) starts(f found, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(f)
	r.state, r.started, r.well = stateStarting, now, time.Time{}
	r.tries++
	r.backend = c.newBackend(f)
	if r.watch != nil {
		r.watch()
		r.watch = nil
	}
}

// runs has a container that runs be checked.
func (c *composite) runs(f found) {
	m := c.manager
	m.mu.Lock()
	defer m.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(f)
	if r.watch != nil {
		return
	}
	if m.ctx == nil {
		return
	}
	if r.state == stateEnded || r.state == stateStopped {
		r.state = stateStarting
	}
	s, _ := member(c.spec, f.member)
	backend := r.backend
	r.watch = m.start(func(ctx context.Context) { c.watchMember(ctx, f, s, backend) })
}

// sick says whether a container that runs is to be started anew.
func (c *composite) sick(generation uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.members[generation]
	return r != nil && r.state == stateUnhealthy && time.Since(r.started) > backOff(r.tries)
}

// backOff is how long a container that has ended is left alone.
func backOff(tries int) time.Duration {
	const first, last = 200 * time.Millisecond, time.Minute
	wait := first
	for range tries - 1 {
		if wait *= 2; wait >= last {
			return last
		}
	}
	if tries == 0 {
		return 0
	}
	return wait
}

// wellTime is how long a service is healthy until its former ends are forgotten.
const wellTime = time.Minute

// mayStart says whether a container that does not run may be started now: those that it depends on are
// there, and it has not just ended.
func (c *composite) mayStart(f found, s linkspan.CompositeMember, p placed, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(f)
	if r.watch != nil {
		r.watch()
		r.watch = nil
	}
	if !r.well.IsZero() && now.Sub(r.well) > wellTime {
		r.tries = 0
	}
	r.well = time.Time{}
	for _, on := range sortedKeys(s.DependsOn) {
		other := c.members[p.Members[on]]
		up := other != nil && other.watch != nil && !p.Stopped[on]
		if !up || s.DependsOn[on] == HealthyAfter && other.state != gateway.Healthy {
			r.state = stateWaiting
			return false
		}
	}
	if r.tries > 0 {
		r.state = stateEnded
	}
	left := backOff(r.tries) - now.Sub(r.started)
	if left > 0 {
		time.AfterFunc(left, c.manager.wakeUp)
	}
	return left <= 0
}

// drain waits for the calls that a container has, and lets it have no more.
func (m *Manager) drain(ctx context.Context, f found) {
	const farewell = 10 * time.Second
	m.mu.Lock()
	c := m.live[f.composite]
	m.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	r := c.members[f.generation]
	if r == nil {
		c.mu.Unlock()
		return
	}
	backend := r.backend
	if r.watch != nil {
		r.watch()
		r.watch = nil
	}
	r.state = stateStopped
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	if left := backend.Drain(ctx); left > 0 {
		m.options.Log.WarnContext(ctx, "calls are broken off, as their service ends", slog.String("service", serviceName(f.composite, f.member)), slog.Int("calls", left))
	}
}

// offered says whether a container is the one that is called.
func (c *composite) offered(f found) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offers[f.member].generation == f.generation
}

// offer chooses which containers are called, and has the gateway call them.
func (m *Manager) offer(ctx context.Context, c *composite, p, old placed, v *view, up map[string]found) {
	var services []gateway.Service
	offers, health := map[string]found{}, map[string]string{}
	c.mu.Lock()
	for _, s := range p.Spec.Services {
		f, runs := up[s.Name]
		state := stateOf(c, p, s.Name)
		if before, there := pick(v.all, p.Spec.Name, s.Name, old.Members[s.Name]); there && before.running && s.Overlap && state != gateway.Healthy && before.generation != p.Members[s.Name] {
			f, runs = before, true // until the new one is healthy
		}
		if !runs {
			f, _ = pick(v.all, p.Spec.Name, s.Name, p.Members[s.Name])
		}
		health[s.Name], offers[s.Name] = state, f
	}
	backends := map[string]*gateway.Backend{}
	for name, f := range offers {
		if f.id != "" {
			backends[name] = c.of(f).backend
		}
	}
	c.offers = offers
	c.note(p, health)
	c.mu.Unlock()
	for _, s := range p.Spec.Services {
		services = append(services, servicesOf(s, m.known(ctx, s.Image), backends[s.Name])...)
	}
	if m.options.Local != nil {
		services = append(services, m.options.Local()...)
	}
	if err := c.gateway.Set(gateway.Table{Services: services}); err != nil {
		m.options.Log.ErrorContext(ctx, "services of a composite cannot be called", slog.String("composite", c.name), slog.Any("error", err))
	}
	c.gateway.SetHealth(health)
	m.expose(c)
}

// stateOf returns how a member is. It is called with mu held.
func stateOf(c *composite, p placed, name string) string {
	if p.Stopped[name] {
		return stateStopped
	}
	if r := c.members[p.Members[name]]; r != nil {
		return r.state
	}
	return stateWaiting
}

// note remembers who is not healthy, and forgets containers that are no members. It is called with mu held.
func (c *composite) note(p placed, health map[string]string) {
	c.waitsFor = map[string]string{}
	for name, state := range health {
		if state != gateway.Healthy && state != stateStopped {
			c.waitsFor[name] = state
		}
	}
	for generation, r := range c.members {
		named := slices.Contains(sortedValues(p.Members), generation) || slices.ContainsFunc(sortedValues(c.offers), func(f found) bool { return f.generation == generation })
		if !named && r.state == stateStopped {
			r.end()
			delete(c.members, generation)
		}
	}
}

func sortedValues[V any](m map[string]V) []V {
	var list []V
	for _, k := range sortedKeys(m) {
		list = append(list, m[k])
	}
	return list
}

// failedTries is how often a new member may end before its change is given up.
const failedTries = 3

// waits returns the members that are not healthy, and an error if one of them will hardly ever be.
func (m *Manager) waits() (list []string, failed error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range sortedKeys(m.live) {
		c := m.live[name]
		c.mu.Lock()
		for _, s := range sortedKeys(c.waitsFor) {
			list = append(list, serviceName(name, s)+" is "+c.waitsFor[s])
		}
		wanted := m.record.wanted()[name]
		for s, generation := range wanted.Members {
			r := c.members[generation]
			if r != nil && r.state != gateway.Healthy && r.tries >= failedTries || r != nil && r.state == stateUnhealthy {
				failed = &linkspan.Error{
					Code: linkspan.Unavailable, Message: serviceName(name, s) + " does not get healthy: it is " + r.state + r.why(),
					Hint: "linkspan service logs " + serviceName(name, s),
				}
			}
		}
		c.mu.Unlock()
	}
	return list, failed
}

func (r *running) why() string {
	if r.said == "" {
		return ""
	}
	return ": " + r.said
}
