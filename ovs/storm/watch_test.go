// SPDX-License-Identifier: Apache-2.0

package storm_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/storm"
)

// world is a host whose containers send at steady rates, in packets a second.
// It is the bridge, the kernel and the records of a Watch under test.
type world struct {
	mu      sync.Mutex
	ports   map[string]*sender
	asked   int // how often the bridge was
	away    error
	refuses error // what Set answers
	events  []linkspan.Event
}

// sender is a container; the counters are brought forward whenever somebody
// looks.
type sender struct {
	storm.Port
	denied, routed, arp float64 // packets a second that it sends
	foreign             bool    // what is denied is not, but dropped by the guard
	at                  time.Time

	fence                     *storm.Limit
	sent, arrived, rest, deny float64
	heldIP, passedIP, heldARP float64
}

var denied = netip.MustParseAddr("10.7.0.9")

func newWorld(names ...string) *world {
	w := &world{ports: make(map[string]*sender)}
	for i, name := range names {
		w.add(name, uint32(i+100))
	}
	return w
}

func (w *world) add(name string, number uint32) {
	w.ports["lsh-"+name] = &sender{at: time.Now(), Port: storm.Port{Number: number, Container: name, Link: "lsh-" + name, Sandbox: "/" + name}}
}

// forward makes a sender send until now.
func (s *sender) forward() {
	span := time.Since(s.at).Seconds()
	s.at = time.Now()
	vain, routed, arp := s.denied*span, s.routed*span, s.arp*span
	var limit storm.Limit
	if s.fence != nil {
		limit = *s.fence
		passed := min(arp, 200*span)
		s.heldARP += arp - passed
		arp = passed
	}
	switch {
	case limit.All && vain+routed > 0:
		share := min(1, 1000*span/(vain+routed))
		s.heldIP += (vain + routed) * (1 - share)
		vain, routed = vain*share, routed*share
		s.passedIP += vain + routed
	case slices.Contains(limit.Destinations, denied):
		passed := min(vain, 200*span)
		s.heldIP += vain - passed
		s.passedIP += passed
		vain = passed
	}
	s.sent += vain + routed + arp
	s.arrived += vain + routed + arp
	s.rest += routed
	if !s.foreign {
		s.deny += vain
	}
}

func (w *world) Ports() (list []storm.Port) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.ports {
		list = append(list, s.Port)
	}
	return list
}

func (w *world) Sent() (map[string]uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]uint64)
	for link, s := range w.ports {
		s.forward()
		all[link] = uint64(s.sent)
	}
	return all, nil
}

func (w *world) Read(_ context.Context, ports []storm.Port) (list []storm.Reading, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	for _, p := range ports {
		s := w.ports[p.Link]
		s.forward()
		list = append(list, storm.Reading{Arrived: uint64(s.arrived), Routes: map[string]uint64{"r": uint64(s.rest)},
			Denied: map[netip.Addr]uint64{denied: uint64(s.deny)}})
	}
	return list, w.away
}

var errNone = &linkspan.Error{Code: linkspan.NotFound, Message: "none"}

func (w *world) Get(_ context.Context, p storm.Port) (storm.Limit, storm.Counts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.ports[p.Link]
	if !ok || s.fence == nil {
		return storm.Limit{}, storm.Counts{}, errNone
	}
	s.forward()
	return *s.fence, storm.Counts{ARP: uint64(s.heldARP), Held: uint64(s.heldIP), Passed: uint64(s.passedIP)}, nil
}

func (w *world) Set(_ context.Context, p storm.Port, l storm.Limit) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.ports[p.Link]
	if !ok {
		return errNone
	}
	if w.refuses != nil {
		return w.refuses
	}
	s.forward()
	s.fence, s.heldARP, s.heldIP, s.passedIP = &l, 0, 0, 0
	return nil
}

func (w *world) Remove(_ context.Context, p storm.Port) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.ports[p.Link]; ok {
		s.fence = nil
	}
	return nil
}

// change changes the world between two looks.
func (w *world) change(do func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.ports {
		s.forward()
	}
	do(w)
}

func (w *world) limit(name string) *storm.Limit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ports["lsh-"+name].fence
}

func (w *world) told() (list []string) {
	for _, e := range w.events {
		list = append(list, string(e.Kind)+" "+e.Subject)
	}
	w.events = nil
	return list
}

func (w *world) watch(t *testing.T) *storm.Watch {
	t.Helper()
	watch, err := storm.New(storm.Config{
		Ports: w.Ports, Traffic: w, Report: func(e linkspan.Event) { w.events = append(w.events, e) },
		Log: slog.New(slog.DiscardHandler), Fences: w, Sent: w.Sent,
	})
	must(t, err)
	return watch
}

// runs runs a Watch in a bubble until do returns.
func runs(t *testing.T, w *world, do func(*storm.Watch)) {
	t.Helper()
	watch := w.watch(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watch.Run(ctx) }()
	do(watch)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func TestWatchLimitsWhoFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("loud", "busy", "still")
		w.ports["lsh-busy"].routed = 90000
		runs(t, w, func(watch *storm.Watch) {
			pass(10 * time.Second)
			for _, name := range []string{"loud", "busy", "still"} {
				same(t, name, &storm.Limit{}, w.limit(name))
			}
			w.change(func(w *world) { w.ports["lsh-loud"].denied = 100000 })
			pass(1200 * time.Millisecond)
			some := &storm.Limit{Destinations: []netip.Addr{denied}}
			same(t, "loud", some, w.limit("loud"))
			same(t, "busy", &storm.Limit{}, w.limit("busy"))
			same(t, "events", []string{"endpoint.limited loud"}, w.told())
			pass(time.Minute)
			same(t, "loud, while it lasts", some, w.limit("loud"))
			report := watch.Report()
			if f := report.Floods; len(f) != 1 || f[0].Kind != storm.IPv4 || f[0].Rate < 90000 || f[0].Rate > 110000 {
				t.Errorf("report %+v", report)
			}
			if h := report.Held; len(h) != 1 || h[0].IPv4 < 50*99000 {
				t.Errorf("held %+v", h)
			}
			w.change(func(w *world) { w.ports["lsh-loud"].denied = 0 })
			pass(9 * time.Second)
			same(t, "loud, when it is just over", some, w.limit("loud"))
			pass(5 * time.Second)
			same(t, "loud, at the end", &storm.Limit{}, w.limit("loud"))
			same(t, "events", []string{"endpoint.released loud"}, w.told())
		})
	})
}

// A limit for all that a container sends ends with the flood though the container
// still sends more than the limit passes.
func TestWatchReleasesWhoIsRoutedNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("loud")
		all := storm.Limit{All: true}
		s := w.ports["lsh-loud"]
		s.fence, s.routed, s.denied, s.foreign = &all, 50000, 50000, true
		runs(t, w, func(*storm.Watch) {
			pass(time.Minute)
			same(t, "while half is foreign", &storm.Limit{All: true}, w.limit("loud"))
			w.change(func(*world) { s.denied = 0 })
			pass(15 * time.Second)
			same(t, "when all is routed", &storm.Limit{}, w.limit("loud"))
		})
	})
}

func TestWatchAsksNobodyAboutTheQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("a", "b", "c")
		for _, s := range w.ports {
			s.routed, s.denied = 1000, 500
		}
		runs(t, w, func(*storm.Watch) { pass(time.Minute) })
		if w.asked > 0 {
			t.Errorf("the bridge was asked %d times", w.asked)
		}
	})
}

func TestWatchTellsOfARP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("loud")
		runs(t, w, func(watch *storm.Watch) {
			pass(time.Second)
			w.change(func(w *world) { w.ports["lsh-loud"].arp = 70000 })
			pass(5 * time.Second)
			same(t, "events", []string{"endpoint.limited loud"}, w.told())
			if f := watch.Report().Floods; len(f) != 1 || f[0].Kind != storm.ARP || !strings.Contains(f[0].String(), "packets/s in vain (ARP)") {
				t.Errorf("floods %+v", f)
			}
			w.change(func(w *world) { w.ports["lsh-loud"].arp = 10 })
			pass(15 * time.Second)
			same(t, "events", []string{"endpoint.released loud"}, w.told())
		})
		if w.asked > 0 {
			t.Errorf("the bridge was asked %d times", w.asked)
		}
	})
}

// A process that ends leaves the fences; the next one goes on with the limits,
// lifts those of floods that are over and keeps the others.
func TestWatchGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("loud", "over")
		for _, s := range w.ports {
			s.denied = 50000
		}
		runs(t, w, func(*storm.Watch) { pass(5 * time.Second) })
		w.change(func(w *world) { w.ports["lsh-over"].denied = 0 })
		pass(time.Minute)
		some := &storm.Limit{Destinations: []netip.Addr{denied}}
		same(t, "without a process", some, w.limit("over"))
		w.told()
		runs(t, w, func(*storm.Watch) {
			pass(15 * time.Second)
			same(t, "loud", some, w.limit("loud"))
			same(t, "over", &storm.Limit{}, w.limit("over"))
			same(t, "events", []string{"endpoint.released over"}, w.told())
		})
	})
}

func TestWatchLivesWithTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("loud", "gone")
		w.ports["lsh-loud"].denied = 50000
		w.ports["lsh-gone"].denied = 50000
		w.refuses = errors.New("no hook")
		runs(t, w, func(watch *storm.Watch) {
			pass(5 * time.Second)
			if r := watch.Report(); r.Trouble != "no hook" || r.Fenced != 0 {
				t.Errorf("report %+v", r)
			}
			w.change(func(w *world) { w.refuses, w.away = nil, errors.New("no answer") })
			pass(5 * time.Second)
			if r := watch.Report(); r.Trouble != "no answer" || r.Fenced != 2 {
				t.Errorf("report %+v", r)
			}
			w.change(func(w *world) { w.away = nil })
			pass(5 * time.Second)
			some := &storm.Limit{Destinations: []netip.Addr{denied}}
			same(t, "loud", some, w.limit("loud"))
			w.change(func(w *world) { w.ports["lsh-loud"].denied, w.refuses = 0, errors.New("not now") })
			pass(20 * time.Second)
			same(t, "loud, when it cannot be released", some, w.limit("loud"))
			w.change(func(w *world) { w.refuses = nil })
			pass(20 * time.Second)
			same(t, "loud, when it can", &storm.Limit{}, w.limit("loud"))
			same(t, "events", []string{"endpoint.limited gone", "endpoint.limited loud", "endpoint.released loud"}, sorted(w.told()))
			w.change(func(w *world) { w.ports["lsh-loud"].denied = 50000 })
			pass(5 * time.Second)
			w.change(func(w *world) { // somebody in the container flushes all
				w.ports["lsh-loud"].fence = nil
				delete(w.ports, "lsh-gone")
			})
			pass(3 * time.Second)
			same(t, "loud, again", some, w.limit("loud"))
			r := watch.Report()
			if r.Trouble != "" || r.Fenced != 1 || len(r.Floods) != 1 {
				t.Errorf("report %+v", r)
			}
		})
	})
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := storm.New(storm.Config{}.Default()); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
}
