// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
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
	rules   *controltest.Rules

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
// listing them, and leaves out those of probes; pipeline's tests list them.
func summed(all []line) (list []line) {
	counts := map[linkspan.ChassisID]map[byte]int{}
	for _, l := range all {
		if strings.HasPrefix(l.text, "watching ") { // pipeline's tests have them
			continue
		}
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
		if now != nil && now.Chassis == at && now.Out() == port && (port != linkspan.BridgePort || isFor(frame, now.Address)) {
			name = e.Container
		}
	}
	s.mu.Unlock()
	s.note(at, name+" gets "+summary(frame))
}

// isFor says whether a frame is of IPv4 and to an address: behind the port of bridges it
// is that by which the host's stack delivers.
func isFor(frame []byte, a netip.Addr) bool {
	var p packet.Packet
	_ = packet.Parse(frame, &p)
	return p.IsIPv4() && p.Dst() == a
}

// icmpName is a type of ICMP or ICMPv6.
type icmpName struct {
	six  bool
	kind uint8
}

var icmpNames = map[icmpName]string{
	{false, packet.ICMPEchoRequest}: "echo request", {true, packet.ICMPv6EchoRequest}: "echo request",
	{false, packet.ICMPEchoReply}: "echo reply", {true, packet.ICMPv6EchoReply}: "echo reply",
	{false, packet.ICMPTimeExceeded}: "time exceeded", {true, packet.ICMPv6TimeExceeded}: "time exceeded",
	{false, packet.ICMPDestUnreachable}: "unreachable", {true, packet.ICMPv6DestUnreachable}: "unreachable",
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
	if t, ok := p.ICMPType(); ok {
		what = cmp.Or(icmpNames[icmpName{p.IsIPv6(), t}], what)
	}
	if p.Has(packet.LayerTCP) || p.Has(packet.LayerUDP) {
		what = fmt.Sprintf("protocol %d port %d", p.Proto(), p.DstPort())
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
