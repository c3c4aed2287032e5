// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// TestTrackedFollowsTheRules has endpoints open connections and go on with them while
// the rules change, flows idle out and switches reconnect: what arrives is what the
// rules allow, and no flow survives its reason.
func TestTrackedFollowsTheRules(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inTrackedWorld(t, func(w *trackedWorld) { w.random(rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func (w *trackedWorld) random(r *rand.Rand) {
	var open []connection
	for step := range 250 {
		switch r.IntN(10) {
		case 0, 1:
			w.change(r)
		case 2:
			time.Sleep(time.Duration(r.IntN(2)) * 2 * trackedIdle)
		case 3:
			if r.IntN(4) == 0 {
				w.fabric.Connect(w.ctx, linkspan.ChassisID(1+r.IntN(2)))
				synctest.Wait()
			}
		case 4, 5, 6:
			if c, ok := w.open(r, uint16(20000*(1+r.IntN(2))+step)); ok {
				open = append(open, c)
			}
		default:
			if len(open) > 0 {
				i := r.IntN(len(open))
				if !w.goOn(r, &open[i]) {
					open = slices.Delete(open, i, i+1)
				}
			}
		}
		w.checkReasons()
		if w.t.Failed() {
			w.t.Fatalf("at step %d", step)
		}
	}
}

// somePair is one of either family.
func somePair(r *rand.Rand) (a, b view.Key) {
	ends := [...][]view.Key{trackedEnds, trackedEnds6}[r.IntN(2)]
	i := r.IntN(len(ends))
	return ends[i], ends[(i+1+r.IntN(len(ends)-1))%len(ends)]
}

var somePorts = []uint16{22, 80, 443, 5003}

// someClass is one that may be opened from an end.
func someClass(r *rand.Rand, from view.Key) decide.Class {
	port := somePorts[r.IntN(len(somePorts))]
	echo, request, _ := echoOf(from)
	return []decide.Class{
		{}, decide.ClassOf(decide.ProtocolTCP), decide.ClassOf(decide.ProtocolUDP), decide.ClassOf(echo),
		decide.BlockOf(decide.ProtocolTCP, port, 16), decide.BlockOf(decide.ProtocolUDP, port, 13),
		decide.BlockOf(echo, uint16(request), 16),
	}[r.IntN(7)]
}

// someProtocol is one of which packets are sent from an end.
func someProtocol(r *rand.Rand, from view.Key) uint8 {
	echo, _, _ := echoOf(from)
	return []uint8{decide.ProtocolTCP, decide.ProtocolUDP, echo}[r.IntN(3)]
}

func (w *trackedWorld) change(r *rand.Rand) {
	a, b := somePair(r)
	var classes []decide.Class
	for range r.IntN(4) {
		classes = append(classes, someClass(r, a))
	}
	w.allow(a, b, classes...)
}

// open tries to open a connection; it is there when it was answered.
func (w *trackedWorld) open(r *rand.Rand, src uint16) (c connection, answered bool) {
	a, b := somePair(r)
	protocol := someProtocol(r, a)
	c = connection{a, b, protocol, src, somePorts[r.IntN(len(somePorts))]}
	port := c.dst
	if echo, request, _ := echoOf(a); protocol == echo {
		port = uint16(request)
	}
	want := w.rules.May(a, b, protocol, port)
	if got := w.arrives(a, b, c.forward(packet.TCPSyn)); got != want {
		w.t.Errorf("%v opened: %v", c, got)
	}
	if !want || linkspan.Typed(protocol) { // the fabric answers echoes
		return c, false
	}
	if !w.arrives(b, a, c.back(packet.TCPSyn|packet.TCPAck)) {
		w.t.Errorf("%v is not answered", c)
	}
	return c, true
}

// goOn sends one more packet of a connection, in either direction. It returns false
// when the connection is of no more use.
func (w *trackedWorld) goOn(r *rand.Rand, c *connection) bool {
	known, of := w.known(c)
	if known != 0 && known != of {
		return true // each half has its own answer; both are right
	}
	from, to, sent, answer := c.from, c.to, c.forward(packet.TCPAck), r.IntN(2) == 0
	if answer {
		from, to, sent = c.to, c.from, c.back(packet.TCPAck)
	}
	want := w.rules.May(c.from, c.to, c.protocol, c.dst)
	if known == 0 {
		want = w.mayStray(from, to, sent)
	}
	if got := w.arrives(from, to, sent); got != want {
		w.t.Errorf("%v goes on, answer %v: %v, known %d", c, answer, got, known)
	}
	// What is unknown and is no TCP may have opened one itself: what follows is of that.
	return c.protocol == decide.ProtocolTCP || known != 0 || !answer
}

// mayStray says whether a packet of a connection that nobody knows may go on: in the one way
// that its ports tell, or as what opens and as an answer.
func (w *trackedWorld) mayStray(from, to view.Key, s controltest.Sent) bool {
	opens, answers := w.rules.May(from, to, s.Protocol, s.Dst), w.rules.May(to, from, s.Protocol, s.Src)
	const high = 32768
	switch {
	case s.Protocol != decide.ProtocolTCP, s.Src >= high && s.Dst < high:
		return opens
	case s.Src < high && s.Dst >= high:
		return answers
	}
	return opens && answers
}

// checkReasons: each plugged flow is what would be plugged now.
func (w *trackedWorld) checkReasons() {
	v := w.hub.View()
	for id := linkspan.ChassisID(1); id <= 2; id++ {
		for _, f := range w.fabric.Switch(id).Flows() {
			if !pipeline.Cookie(f.Cookie).Kind().Plugged() {
				continue
			}
			s, ok := pipeline.StandingOf(v, id, stats(&f))
			if !ok || !pipeline.Current(v, id, stats(&f)) || w.rules.Judge(v, &s) != control.Stands {
				w.t.Errorf("chassis %d: this flow has lost its reason: %s", id, f.String())
			}
		}
	}
}

// TestTrackedRaces has endpoints open connections at the very moments when rules change
// and are revised, endpoints come and go and switches reconnect. When all is quiet, no
// flow of a route has lost its reason.
func TestTrackedRaces(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inTrackedWorld(t, func(w *trackedWorld) {
				for episode := range uint64(25) {
					w.raceOnce(rand.NewPCG(seed, episode))
					w.checkReasons()
					if t.Failed() {
						t.Fatalf("in episode %d", episode)
					}
				}
			})
		})
	}
}

func (w *trackedWorld) raceOnce(source *rand.PCG) {
	var group sync.WaitGroup
	worker := func(do func(r *rand.Rand)) {
		r := rand.New(rand.NewPCG(source.Uint64(), source.Uint64()))
		group.Go(func() {
			for range 5 {
				time.Sleep(time.Duration(r.IntN(2)) * time.Millisecond) // of the bubble: who wakes at once races
				do(r)
			}
		})
	}
	for range 5 {
		worker(func(r *rand.Rand) {
			a, b := somePair(r)
			c := connection{a, b, someProtocol(r, a), uint16(20000 + r.IntN(3)), somePorts[r.IntN(len(somePorts))]}
			w.fabric.Send(a, b, c.forward(packet.TCPSyn))
			w.fabric.Send(b, a, c.back(packet.TCPAck))
		})
	}
	for range 2 {
		worker(func(r *rand.Rand) {
			a, b := somePair(r)
			w.rules.Allow(a, b, []decide.Class{someClass(r, a), someClass(r, a)}[:r.IntN(3)]...)
			w.hub.Revise(w.ctx, w.rules.Tell(w.hub, a, b))
		})
	}
	worker(func(r *rand.Rand) {
		key := trackedEnds[r.IntN(len(trackedEnds))]
		if e := w.hub.View().Endpoint(key); e != nil {
			w.hub.Update(view.RemoveEndpoint(key.Network, key.Address))
			w.hub.Update(view.PutEndpoint(e))
		}
	})
	worker(func(r *rand.Rand) {
		if r.IntN(20) == 0 {
			w.fabric.Connect(w.ctx, linkspan.ChassisID(1+r.IntN(2)))
		}
	})
	group.Wait()
	time.Sleep(5 * time.Second) // of the bubble: plugs that wait are given up
	synctest.Wait()
	for id := linkspan.ChassisID(1); id <= 2; id++ {
		if _, ok := w.hub.Connected(id); !ok { // two connections undid each other
			w.fabric.Connect(w.ctx, id)
		}
	}
	synctest.Wait()
}
