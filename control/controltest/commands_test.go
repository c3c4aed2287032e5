// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// commands by name, with how many words they need after it.
var commands = map[string]struct {
	words int
	do    func(s *stage, w []string) error
}{
	"network":    {3, (*stage).network},    // NAME SUBNET IDLE [TRANSPORT]
	"forget":     {1, (*stage).forget},     // NETWORK
	"chassis":    {2, (*stage).addChassis}, // NAME UNDERLAY [SITE]
	"proved":     {1, (*stage).proved},     // CHASSIS [CHASSIS...]: all its direct paths
	"clear":      {3, (*stage).clear},      // SITE SITE yes|no
	"endpoint":   {5, (*stage).endpoint},   // NAME NETWORK ADDRESS CHASSIS PORT
	"remove":     {1, (*stage).remove},     // NAME
	"group":      {1, (*stage).group},      // NAME NETWORK...: all that are in it
	"ungroup":    {1, (*stage).ungroup},    // NAME
	"link":       {3, (*stage).link},       // NAME NAME allow|deny
	"unlink":     {2, (*stage).unlink},     // NAME NAME
	"connect":    {1, (*stage).connect},    // CHASSIS
	"disconnect": {1, (*stage).disconnect}, // CHASSIS
	"follow":     {1, (*stage).followCmd},  // CHASSIS
	"peers":      {1, (*stage).tellPeers},  // CHASSIS
	"busy":       {2, (*stage).busy},       // CHASSIS yes|no
	"stall":      {1, (*stage).stall},      // CHASSIS: it reads nothing any more
	"ping":       {2, (*stage).ping},       // NAME NAME|ADDRESS [TTL]
	"spoof":      {4, (*stage).spoof},      // NAME SOURCE MAC DESTINATION
	"arp":        {3, (*stage).arp},        // NAME SENDER TARGET
	"inject":     {4, (*stage).inject},     // CHASSIS SENDER SOURCE NAME [TTL]: out of the tunnel
	"wait":       {1, (*stage).wait},       // DURATION
	"flows":      {1, (*stage).flows},      // CHASSIS
	"routes":     {0, (*stage).routes},
	"events":     {0, (*stage).events},
}

func (s *stage) do(w []string) error {
	c, ok := commands[w[0]]
	if !ok || len(w)-1 < c.words {
		return fmt.Errorf("command %q is not understood", w[0])
	}
	return c.do(s, w[1:])
}

func (s *stage) network(w []string) error {
	idle, err := time.ParseDuration(w[2])
	if err != nil {
		return err
	}
	n := &linkspan.Network{Name: w[0], Subnet: netip.MustParsePrefix(w[1]), Idle: idle}
	n.ID = linkspan.NetworkID(len(s.networks) + 1)
	if old := s.networks[w[0]]; old != nil {
		n.ID = old.ID
	}
	if len(w) > 3 {
		n.Transport = linkspan.Transport(w[3])
	}
	n.ApplyDefaults()
	s.networks[w[0]] = n
	s.hub.Update(view.PutNetwork(n))
	return nil
}

func (s *stage) addChassis(w []string) error {
	c := &linkspan.Chassis{ID: linkspan.ChassisID(len(s.chassis) + 1), Name: w[0], Underlay: netip.MustParseAddr(w[1])}
	if old := s.chassis[w[0]]; old != 0 {
		c.ID = old
	}
	if len(w) > 2 {
		c.Site = w[2]
	}
	s.chassis[w[0]] = c.ID
	s.hub.Update(view.PutChassis(c))
	return nil
}

// proved says to which others a chassis has proved the direct path.
func (s *stage) proved(w []string) error {
	p := linkspan.Paths{From: s.chassis[w[0]]}
	for _, to := range w[1:] {
		p = p.Set(s.chassis[to], true)
	}
	s.hub.Update(view.PutPaths(&p))
	return nil
}

func (s *stage) clear(w []string) error {
	if w[2] == "no" {
		s.hub.Update(view.RemoveClearance(w[0], w[1]))
		return nil
	}
	c := linkspan.ClearanceOf(w[0], w[1])
	s.hub.Update(view.PutClearance(&c))
	return c.Validate()
}

func (s *stage) forget(w []string) error {
	s.hub.Update(view.RemoveNetwork(s.networks[w[0]].ID))
	return nil
}

func (s *stage) endpoint(w []string) error {
	port, err := strconv.Atoi(w[4])
	if err != nil {
		return err
	}
	address := netip.MustParseAddr(w[2])
	e := &linkspan.Endpoint{
		Container: w[0], Network: s.networks[w[1]].ID, Address: address, Chassis: s.chassis[w[3]], Port: uint32(port),
	}
	four := address.As4()
	e.MAC = linkspan.MAC{2, byte(e.Network), four[0], four[1], four[2], four[3]}
	s.mu.Lock()
	s.endpoints[w[0]] = e
	s.mu.Unlock()
	s.hub.Update(view.PutEndpoint(e))
	return nil
}

func (s *stage) remove(w []string) error {
	e := s.endpoints[w[0]]
	s.hub.Update(view.RemoveEndpoint(e.Network, e.Address))
	return nil
}

func (s *stage) group(w []string) error {
	g := linkspan.Group{Name: w[0]}
	for _, name := range w[1:] {
		g = g.With(s.networks[name].ID)
	}
	s.hub.Update(view.PutGroup(&g))
	return g.Validate()
}

func (s *stage) ungroup(w []string) error {
	s.hub.Update(view.RemoveGroup(w[0]))
	return nil
}

// linkOf is the link between two containers, by whatever network.
func (s *stage) linkOf(a, b string, verdict linkspan.LinkVerdict) linkspan.Link {
	end := func(name string) linkspan.LinkEnd {
		e := s.endpoints[name]
		return linkspan.LinkEnd{Chassis: e.Chassis, Container: e.Container}
	}
	return linkspan.LinkOf(end(a), end(b), verdict)
}

func (s *stage) link(w []string) error {
	l := s.linkOf(w[0], w[1], linkspan.LinkVerdict(w[2]))
	s.hub.Update(view.PutLink(&l))
	return l.Validate()
}

func (s *stage) unlink(w []string) error {
	l := s.linkOf(w[0], w[1], "")
	s.hub.Update(view.RemoveLink(l.A, l.B))
	return nil
}

func (s *stage) connect(w []string) error {
	id := s.chassis[w[0]]
	s.fabric.Connect(s.ctx, id)
	if s.followers[id] == nil {
		s.follow(id)
	}
	return nil
}

// followCmd has a chassis acknowledge its peers, with "off" not yet: until then
// no tunnel to it is ready.
func (s *stage) followCmd(w []string) error {
	id := s.chassis[w[0]]
	if len(w) > 1 && w[1] == "off" {
		s.followers[id] = func() {}
		return nil
	}
	s.follow(id)
	return nil
}

// tellPeers says whom a chassis was told of.
func (s *stage) tellPeers(w []string) error {
	id := s.chassis[w[0]]
	s.mu.Lock()
	ids := slices.Sorted(maps.Keys(s.peers[id]))
	s.mu.Unlock()
	names := []string{"peers:"}
	for _, other := range ids {
		names = append(names, s.chassisName(other))
	}
	s.note(id, strings.Join(names, " "))
	return nil
}

func (s *stage) disconnect(w []string) error {
	return s.fabric.Conn(s.chassis[w[0]]).Close()
}

// address of a name, or the address itself.
func (s *stage) address(name string) netip.Addr {
	if e := s.endpoints[name]; e != nil {
		return e.Address
	}
	return netip.MustParseAddr(name)
}

func (s *stage) ping(w []string) error {
	from := s.endpoints[w[0]]
	ttl := 64
	if len(w) > 2 {
		ttl, _ = strconv.Atoi(w[2])
	}
	s.fabric.Ping(view.KeyOf(from), view.Key{Network: from.Network, Address: s.address(w[1])}, uint8(ttl))
	return nil
}

func (s *stage) busy(w []string) error {
	s.fabric.Switch(s.chassis[w[0]]).SetBusy(w[1] == "yes")
	s.fabric.Settle()
	return nil
}

func (s *stage) stall(w []string) error {
	s.fabric.Conn(s.chassis[w[0]]).Stall()
	return nil
}

func (s *stage) spoof(w []string) error {
	e := s.endpoints[w[0]]
	mac := e.MAC
	if w[2] != "own" {
		mac, _ = linkspan.ParseMAC(w[2])
	}
	head := packet.Head{EthSrc: mac, EthDst: pipeline.RouterMAC(), Src: s.address(w[1]), Dst: s.address(w[3])}
	if len(w) > 4 {
		head.VLAN = 77
	}
	s.fabric.Switch(e.Chassis).Inject(e.Port, packet.AppendEcho(nil, &head, false, 1, 1, nil))
	s.fabric.Settle()
	return nil
}

func (s *stage) arp(w []string) error {
	e := s.endpoints[w[0]]
	frame := packet.AppendARPRequest(nil, e.MAC, s.address(w[1]), s.address(w[2]))
	s.fabric.Switch(e.Chassis).Inject(e.Port, frame)
	s.fabric.Settle()
	return nil
}

func (s *stage) inject(w []string) error {
	at, sender, to := s.chassis[w[0]], s.chassis[w[1]], s.endpoints[w[3]]
	head := packet.Head{
		EthSrc: pipeline.SenderMAC(sender, to.Network), EthDst: at.TunnelMAC(),
		Src: s.address(w[2]), Dst: to.Address,
	}
	if len(w) > 4 {
		ttl, _ := strconv.Atoi(w[4])
		head.TTL = uint8(ttl)
	}
	s.fabric.Switch(at).Inject(linkspan.TunnelPort, packet.AppendEcho(nil, &head, false, 1, 1, nil))
	s.fabric.Settle()
	return nil
}

func (s *stage) wait(w []string) error {
	d, err := time.ParseDuration(w[0])
	time.Sleep(d) // the story's clock, not the wall's
	for _, id := range s.chassis {
		s.fabric.Switch(id).Expire()
	}
	return err
}

func (s *stage) flows(w []string) error {
	id := s.chassis[w[0]]
	for _, f := range s.fabric.Switch(id).Flows() {
		if len(w) > 1 || !pipeline.Cookie(f.Cookie).Kind().Static() {
			s.note(id, fmt.Sprintf("round=%d n=%d %s", pipeline.Cookie(f.Cookie).Round(), f.Packets, f.String()))
		}
	}
	return nil
}

func (s *stage) routes([]string) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	routes, missing := s.hub.Routes(ctx, control.Filter{})
	for _, r := range routes {
		packets, _ := r.Traffic()
		networks := r.Network.String()
		if r.NetworkB != r.Network {
			networks += "," + r.NetworkB.String()
		}
		s.note(0, fmt.Sprintf("route %s %s - %s %s on %d chassis, %d flows, %d packets", networks, r.A, r.B, r.Transport, len(r.Chassis), len(r.Flows), packets))
	}
	for _, id := range missing {
		s.note(0, s.chassisName(id)+" is missing")
	}
	return nil
}

func (s *stage) events([]string) error {
	ctx, cancel := context.WithTimeout(s.ctx, time.Millisecond)
	defer cancel()
	events, lost, err := s.watcher.Next(ctx)
	for _, e := range events {
		kind := [...]string{"", "plugged", "unplugged", "denied"}[e.Kind]
		s.note(e.Chassis, fmt.Sprintf("%s %s > %s: %s", kind, e.From, e.To, e.Reason))
	}
	if lost > 0 || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%d lost, %w", lost, err)
	}
	return nil
}
