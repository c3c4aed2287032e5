// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/peering"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// stage is where a story plays.
type stage struct {
	t       *testing.T
	ctx     context.Context
	cancel  context.CancelFunc
	hub     *control.Hub
	fabric  *controltest.Fabric
	peering *peering.Peering
	watcher *control.Watcher

	networks  map[string]*linkspan.Network
	chassis   map[string]linkspan.ChassisID
	endpoints map[string]*linkspan.Endpoint
	followers map[linkspan.ChassisID]context.CancelFunc
	peers     map[linkspan.ChassisID]map[linkspan.ChassisID]bool // under mu
	work      sync.WaitGroup

	mu       sync.Mutex
	happened []line
}

// line is something that happened at a switch, or nowhere. What happens at
// several switches at a time is told of one after the other.
type line struct {
	when time.Time
	at   linkspan.ChassisID
	text string
}

func (s *stage) note(at linkspan.ChassisID, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.happened = append(s.happened, line{time.Now(), at, text})
}

// take returns what happened since the last time, with the names of switches.
func (s *stage) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.happened, func(a, b line) int { return cmp.Or(a.when.Compare(b.when), cmp.Compare(a.at, b.at)) })
	var list []string
	for _, l := range summed(s.happened) {
		list = append(list, strings.TrimPrefix(s.chassisName(l.at)+": "+l.text, ": "))
	}
	s.happened = nil
	return list
}

// summed counts the static flows that came and went at each switch, instead of
// listing them; pipeline's tests do.
func summed(all []line) (list []line) {
	counts := map[linkspan.ChassisID]map[byte]int{}
	for _, l := range all {
		rest, static := strings.CutPrefix(l.text, "static ")
		if !static {
			list = append(list, l)
			continue
		}
		if counts[l.at] == nil {
			counts[l.at] = map[byte]int{}
		}
		counts[l.at][rest[0]]++
	}
	for _, at := range slices.Sorted(maps.Keys(counts)) {
		c := counts[at]
		list = append(list, line{at: at, text: fmt.Sprintf("static flows: %d new, %d replaced, %d gone", c['+'], c['='], c['-'])})
	}
	return list
}

func (s *stage) chassisName(id linkspan.ChassisID) string {
	for name, other := range s.chassis {
		if other == id {
			return name
		}
	}
	return ""
}

// deliver notes a frame that a container gets.
func (s *stage) deliver(at linkspan.ChassisID, port uint32, frame []byte) {
	name := fmt.Sprintf("port %d", port)
	s.mu.Lock()
	for _, e := range s.endpoints {
		now := s.hub.View().Endpoint(view.KeyOf(e)) // one that is gone may have had the port before
		if now != nil && now.Chassis == at && now.Port == port {
			name = e.Container
		}
	}
	s.mu.Unlock()
	s.note(at, name+" gets "+summary(frame))
}

func summary(frame []byte) string {
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil {
		return err.Error()
	}
	if p.IsARP() {
		return fmt.Sprintf("arp: %s is at %s", p.Src(), linkspan.MAC(p.EthSrc()))
	}
	what := "a packet"
	switch t, _ := p.ICMPType(); {
	case !p.Has(packet.LayerICMP):
	case t == packet.ICMPEchoRequest:
		what = "echo request"
	case t == packet.ICMPEchoReply:
		what = "echo reply"
	case t == packet.ICMPTimeExceeded:
		what = "time exceeded"
	}
	if !p.ChecksumOK() {
		what += " with a bad checksum"
	}
	return fmt.Sprintf("%s from %s ttl=%d", what, p.Src(), p.TTL())
}

// follow acknowledges peers as a switch process does.
func (s *stage) follow(id linkspan.ChassisID) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.followers[id] = cancel
	stream := s.peering.Attach(id)
	s.work.Go(func() {
		defer stream.Close()
		for sequence := uint64(1); ; sequence++ {
			select {
			case <-ctx.Done():
				return
			case <-stream.Changed():
			}
			if u, ok := stream.Take(sequence); ok {
				s.learn(id, u)
				s.peering.Acknowledge(id, sequence)
			}
		}
	})
}

// learn keeps who the peers of a chassis are.
func (s *stage) learn(id linkspan.ChassisID, u peering.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Snapshot || s.peers[id] == nil {
		s.peers[id] = make(map[linkspan.ChassisID]bool)
	}
	for _, c := range u.Peers {
		s.peers[id][c.ID] = true
	}
	for _, other := range u.Removed {
		delete(s.peers[id], other)
	}
}

// end closes all and waits.
func (s *stage) end() {
	s.watcher.Close()
	s.cancel()
	s.work.Wait()
	s.fabric.Wait()
}
