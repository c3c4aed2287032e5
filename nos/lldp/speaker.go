// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan/wire/packet"
)

// Options say who tells. The zero value speaks on the devices of this network namespace.
type Options struct {
	Description string                            // of the system: what it is, and of which version
	Open        func(device string) (Line, error) // default: a packet socket
	Chassis     func() (packet.MAC, bool)         // names the switch; default: the address of br-switch
	Log         *slog.Logger                      // default: discard
}

// Speaker tells and hears. All methods may be called concurrently.
type Speaker struct {
	options Options
	wake    chan struct{}

	mu    sync.Mutex
	now   settings
	ports map[string]*port // by device
}

// New returns a Speaker that is silent before Run and a configuration.
func New(o Options) *Speaker {
	if o.Open == nil {
		o.Open = openLine
	}
	if o.Chassis == nil {
		o.Chassis = func() (packet.MAC, bool) { return address("br-switch") }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Speaker{options: o, wake: make(chan struct{}, 1), ports: make(map[string]*port)}
}

// Run tells and hears until ctx ends, and returns its error.
func (s *Speaker) Run(ctx context.Context) error {
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer s.silence()
	for {
		s.adjust(ctx, &listeners)
		timer := time.NewTimer(s.step(time.Now()))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// configure makes it speak as configured. What it tells then is told at once.
func (s *Speaker) configure(n settings) {
	s.mu.Lock()
	s.now = n
	for _, p := range s.ports {
		p.next = time.Time{}
	}
	s.mu.Unlock()
	s.again()
}

func (s *Speaker) again() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// adjust begins with devices that are new in the configuration and ends with those that are no
// longer in it.
func (s *Speaker) adjust(ctx context.Context, listeners *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.ports {
		d, there := s.now.devices[name]
		if p.tell && (!there || !d.tell) {
			s.tell(p, 0)
		}
		if !there {
			p.stop()
			delete(s.ports, name)
			continue
		}
		p.device = d
	}
	for name, d := range s.now.devices {
		if s.ports[name] != nil {
			continue
		}
		mine, stop := context.WithCancel(ctx)
		p := &port{name: name, device: d, stop: stop}
		s.ports[name] = p
		listeners.Go(func() { s.listen(mine, p) })
	}
}

// silence ends all listeners: Run is over.
func (s *Speaker) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.ports {
		p.stop()
		delete(s.ports, name)
	}
}

// step tells where it is time to and forgets who told no more. It returns how long nothing is
// to be done.
func (s *Speaker) step(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next time.Time
	for _, p := range s.ports {
		next = sooner(next, p.expire(now))
		if !p.tell || p.line == nil {
			continue
		}
		if !now.Before(p.next) {
			s.tell(p, s.now.ttl)
			p.next = now.Add(s.now.interval)
			if p.fast > 0 {
				p.fast--
				p.next = now.Add(time.Second)
			}
		}
		next = sooner(next, p.next)
	}
	if next.IsZero() {
		return time.Hour // whatever happens wakes
	}
	return max(next.Sub(now), 0)
}

// tell sends a frame. That it cannot be sent is seen by who waits for it.
func (s *Speaker) tell(p *port, ttl uint16) {
	if p.line == nil {
		return
	}
	chassis, ok := s.options.Chassis()
	if !ok {
		chassis = p.line.MAC()
	}
	if _, err := p.line.Write(s.now.frame(p.name, p.device, chassis, p.line.MAC(), s.options.Description, ttl)); err == nil {
		p.Sent++
	}
}

// listen hears on a device until ctx ends.
func (s *Speaker) listen(ctx context.Context, p *port) {
	for ctx.Err() == nil {
		if line, err := s.options.Open(p.name); err == nil {
			s.hear(ctx, p, line)
		}
		select {
		case <-ctx.Done():
		case <-time.After(reopen):
		}
	}
}

// hear reads frames until it fails.
func (s *Speaker) hear(ctx context.Context, p *port, line Line) {
	defer context.AfterFunc(ctx, func() { _ = line.Close() })()
	s.attach(p, line)
	defer func() {
		s.attach(p, nil)
		_ = line.Close() // it may be closed
	}()
	for b := make([]byte, 2048); ; {
		n, err := line.Read(b)
		if err != nil {
			s.options.Log.Debug("lldp is not heard", slog.String("device", p.name), slog.Any("error", err))
			return
		}
		s.heard(p, b[:n])
	}
}

func (s *Speaker) attach(p *port, line Line) {
	s.mu.Lock()
	p.line, p.next = line, time.Time{}
	s.mu.Unlock()
	s.again()
}

func (s *Speaker) heard(p *port, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !p.admits(now) {
		return
	}
	if p.take(frame, now) && p.fast == 0 {
		p.fast, p.next = fast, sooner(p.next, now.Add(time.Second))
	}
	s.again() // somebody may have to be forgotten sooner than was known
}

// Neighbours returns who is there, by device, and of one device in the order of their coming.
func (s *Speaker) Neighbours() []Neighbour {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Neighbour
	for _, name := range slices.Sorted(maps.Keys(s.ports)) {
		for _, e := range s.ports[name].known {
			list = append(list, e.Neighbour)
		}
	}
	slices.SortStableFunc(list, func(a, b Neighbour) int { return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Device, b.Device)) })
	return list
}

// Counts returns what was said and heard, by device.
func (s *Speaker) Counts() map[string]Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Counts, len(s.ports))
	for name, p := range s.ports {
		all[name] = p.Counts
	}
	return all
}
