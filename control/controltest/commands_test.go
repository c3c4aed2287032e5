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
	"network":     {3, (*stage).network},    // NAME SUBNET[,SUBNET6] IDLE [TRANSPORT]
	"forget":      {1, (*stage).forget},     // NETWORK
	"chassis":     {2, (*stage).addChassis}, // NAME UNDERLAY [SITE]
	"proved":      {1, (*stage).proved},     // CHASSIS [CHASSIS...]: all its direct paths
	"clear":       {3, (*stage).clear},      // SITE SITE yes|no
	"endpoint":    {5, (*stage).endpoint},   // NAME NETWORK ADDRESS[,ADDRESS6] CHASSIS PORT [unknown]: Docker has not told of it yet; NAME.6 is its second address
	"bridge":      {4, (*stage).bridge},     // NAME SUBNET IDLE CHASSIS: a network that the chassis has alone, joined to the fabric
	"on":          {4, (*stage).on},         // NAME NETWORK ADDRESS PORT: the chassis tells of an endpoint of that network
	"off":         {1, (*stage).off},        // NAME: of that it has gone
	"describe":    {1, (*stage).describe},   // NAME [LABEL=VALUE...]: Docker tells of it
	"remove":      {1, (*stage).remove},     // NAME
	"group":       {1, (*stage).group},      // NAME NETWORK...: all that are in it
	"ungroup":     {1, (*stage).ungroup},    // NAME
	"link":        {3, (*stage).link},       // NAME NAME allow|deny
	"unlink":      {2, (*stage).unlink},     // NAME NAME
	"policy":      {3, (*stage).policy},     // NUMBER PRIORITY allow|deny|reject[+log] [FROM TO [PORTS...]]: names of containers, LABEL=VALUE, or any
	"use":         {0, (*stage).use},        // what policies decided about
	"repeal":      {1, (*stage).repeal},     // NUMBER
	"connect":     {1, (*stage).connect},    // CHASSIS
	"disconnect":  {1, (*stage).disconnect}, // CHASSIS
	"follow":      {1, (*stage).followCmd},  // CHASSIS
	"peers":       {1, (*stage).tellPeers},  // CHASSIS
	"busy":        {2, (*stage).busy},       // CHASSIS yes|no
	"stall":       {1, (*stage).stall},      // CHASSIS: it reads nothing any more
	"ping":        {2, (*stage).ping},       // NAME NAME|ADDRESS [TTL]
	"spoof":       {4, (*stage).spoof},      // NAME SOURCE MAC DESTINATION
	"arp":         {3, (*stage).arp},        // NAME SENDER TARGET
	"inject":      {4, (*stage).inject},     // CHASSIS SENDER SOURCE NAME [TTL]: out of the tunnel
	"wait":        {1, (*stage).wait},       // DURATION
	"flows":       {1, (*stage).flows},      // CHASSIS
	"routes":      {0, (*stage).routes},
	"events":      {0, (*stage).events},
	"may":         {2, (*stage).may},         // NAME NAME [CLASS...]: what the first may open to the second
	"tcp":         {5, (*stage).tcp},         // NAME NAME PORT PORT FLAGS
	"udp":         {4, (*stage).udp},         // NAME NAME PORT PORT
	"fragments":   {4, (*stage).fragments},   // NAME NAME PORT PORT: a udp in two
	"unreached":   {4, (*stage).refused},     // NAME NAME PORT PORT: the error about a udp of the second, as sent there
	"known":       {1, (*stage).known},       // CHASSIS: connections
	"leaves":      {5, (*stage).leaves},      // NAME ADDRESS PORT PORT FLAGS: a tcp to somebody outside
	"enters":      {5, (*stage).enters},      // ADDRESS NAME PORT PORT FLAGS: a tcp from outside
	"unreachable": {4, (*stage).unreachable}, // ADDRESS NAME ADDRESS PORT: the error of somebody outside about a udp of the endpoint to an address
	"bar":         {4, (*stage).bar},         // NUMBER PRIORITY allow|deny|reject CIDR [PORTS...]: from all containers to what is outside
	"internal":    {2, (*stage).internal},    // NETWORK yes|no
	"probe":       {3, (*stage).probe},       // NAME NAME|ADDRESS PORTS
	"amnesia":     {1, (*stage).amnesia},     // CHASSIS: it forgets all connections
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
	four, six, both := strings.Cut(w[1], ",")
	n := &linkspan.Network{Name: w[0], Subnet: netip.MustParsePrefix(four), Idle: idle}
	if both {
		n.Subnet6 = netip.MustParsePrefix(six)
	}
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
	first, second, both := strings.Cut(w[2], ",")
	address := netip.MustParseAddr(first)
	e := &linkspan.Endpoint{
		Container: w[0], Network: s.networks[w[1]].ID, Address: address, Chassis: s.chassis[w[3]], Port: uint32(port),
	}
	if len(w) > 5 {
		e.Container, e.Undescribed = "", true
	}
	four := address.As4()
	e.MAC = linkspan.MAC{2, byte(e.Network), four[0], four[1], four[2], four[3]}
	s.mu.Lock()
	s.endpoints[w[0]] = e
	s.mu.Unlock()
	if both {
		s.second(w[0], e, netip.MustParseAddr(second))
	}
	s.hub.Update(view.PutEndpoint(e))
	return nil
}

// second leases an endpoint's second address, and keeps the face that it has by that.
func (s *stage) second(name string, e *linkspan.Endpoint, address netip.Addr) {
	e.Address6 = address
	lease := &linkspan.Endpoint{Network: e.Network, Address: address, Chassis: e.Chassis}
	s.hub.Update(view.PutEndpoint(lease))
	face := *e
	face.Address, face.Address6 = address, netip.Addr{}
	s.mu.Lock()
	s.endpoints[name+".6"] = &face
	s.mu.Unlock()
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
	s.fabric.Switch(e.Chassis).Inject(e.Out(), packet.AppendEcho(nil, &head, false, 1, 1, nil))
	s.fabric.Settle()
	return nil
}

func (s *stage) arp(w []string) error {
	e := s.endpoints[w[0]]
	frame := packet.AppendARPRequest(nil, e.MAC, s.address(w[1]), s.address(w[2]))
	s.fabric.Switch(e.Chassis).Inject(e.Out(), frame)
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
		line := fmt.Sprintf("%s %s > %s: %s", kind, e.From, e.To, e.Reason)
		if e.Policy != "" {
			line += fmt.Sprintf(": %s of protocol %d port %d", e.Policy, e.Protocol, e.Port)
		}
		if e.Log {
			line += ", to be written down"
		}
		s.note(e.Chassis, line)
	}
	if lost > 0 || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%d lost, %w", lost, err)
	}
	return nil
}
