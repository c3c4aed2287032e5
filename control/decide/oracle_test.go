// SPDX-License-Identifier: Apache-2.0

package decide_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// world is what an oracle knows: plain maps, which it looks through from end to
// end for each question.
type world struct {
	networks  map[linkspan.NetworkID]*linkspan.Network
	chassis   map[linkspan.ChassisID]*linkspan.Chassis
	endpoints map[view.Key]*linkspan.Endpoint
	policies  map[linkspan.PolicyID]*linkspan.Policy
	groups    map[string][]linkspan.NetworkID
}

func newWorld() *world {
	return &world{
		make(map[linkspan.NetworkID]*linkspan.Network), make(map[linkspan.ChassisID]*linkspan.Chassis),
		make(map[view.Key]*linkspan.Endpoint), make(map[linkspan.PolicyID]*linkspan.Policy), make(map[string][]linkspan.NetworkID),
	}
}

// clone returns a copy whose maps are its own.
func (w *world) clone() *world {
	return &world{maps.Clone(w.networks), maps.Clone(w.chassis), maps.Clone(w.endpoints), maps.Clone(w.policies), maps.Clone(w.groups)}
}

// selects says whether a selector selects a party, from its words alone.
func (w *world) selects(s *linkspan.Selector, p view.Party) bool {
	if s.CIDR.IsValid() && !s.CIDR.Contains(p.Address) {
		return false
	}
	if p.Endpoint == nil {
		return s.ByAddress()
	}
	e := p.Endpoint
	for key, value := range s.Labels {
		if got, ok := e.Labels[key]; !ok || got != value {
			return false
		}
	}
	network := ""
	if n := w.networks[e.Network]; n != nil {
		network = n.Name
	}
	if s.Network != "" && s.Network != network || s.Group != "" && !slices.Contains(w.groups[s.Group], e.Network) {
		return false
	}
	if s.Endpoint == "" {
		return true
	}
	name, _ := linkspan.ParseEndpointName(s.Endpoint)
	for _, n := range []linkspan.EndpointName{name, name.Whole()} {
		if e.Container == n.Container && (n.Network == "" || n.Network == network) &&
			(n.Chassis == "" || w.chassis[e.Chassis] != nil && w.chassis[e.Chassis].Name == n.Chassis) {
			return true
		}
	}
	return false
}

func (w *world) side(side []linkspan.Selector, p view.Party) bool {
	for i := range side {
		if w.selects(&side[i], p) {
			return true
		}
	}
	return len(side) == 0
}

// concerned returns the policies that select both, in order.
func (w *world) concerned(from, to view.Party) (all []*linkspan.Policy) {
	for _, p := range w.policies {
		if w.side(p.From, from) && w.side(p.To, to) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, linkspan.ComparePolicies)
	return all
}

// judge asks every one of the policies that concern two parties.
func judge(concerned []*linkspan.Policy, p packet, otherwise linkspan.PolicyAction) (linkspan.PolicyAction, *linkspan.Policy) {
	for _, policy := range concerned {
		if policy.Concerns(p.protocol, p.port) {
			return policy.Action, policy
		}
	}
	return otherwise, nil
}

// The names that random worlds are made of: few, so that they meet.
var (
	networkNames = []string{"front", "back", "a.b"}
	containers   = []string{"web", "db", "web.front", "x"}
	chassisNames = []string{"h1", "h2"}
	groupNames   = []string{"shop", "all"}
	labelKeys    = []string{"app", "tier", "env"}
	labelValues  = []string{"", "web", "db"}
)

func drawLabels(t *rapid.T, most int) map[string]string {
	return rapid.MapOfN(rapid.SampledFrom(labelKeys), rapid.SampledFrom(labelValues), 0, most).Draw(t, "labels")
}

func drawAddress(t *rapid.T) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 3).Draw(t, "net")), 0, byte(rapid.IntRange(1, 12).Draw(t, "host"))})
}

// secondOf is the address of IPv6 beside one of IPv4: fd00:NET::HOST.
func secondOf(a netip.Addr) netip.Addr {
	four := a.As4()
	return netip.AddrFrom16([16]byte{0: 0xfd, 3: four[1], 15: four[3]})
}

func drawCIDR(t *rapid.T) netip.Prefix {
	a, bits := drawAddress(t), []int{0, 8, 16, 24, 30, 32}
	if rapid.Bool().Draw(t, "of IPv6") {
		a, bits = secondOf(a), []int{0, 8, 32, 64, 126, 128}
	}
	p, _ := a.Prefix(rapid.SampledFrom(bits).Draw(t, "bits"))
	return p
}

func drawSelector(t *rapid.T) (s linkspan.Selector) {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		s.Network = rapid.SampledFrom(networkNames).Draw(t, "network")
	case 1:
		s.Group = rapid.SampledFrom(groupNames).Draw(t, "group")
	case 2:
		s.Endpoint = rapid.SampledFrom([]string{"web", "h1/web", "web.front", "h2/db.back", "x.a.b", "nobody", "h9/web"}).Draw(t, "endpoint")
	case 3:
		s.CIDR = drawCIDR(t)
	}
	if s.Labels = drawLabels(t, 2); len(s.Labels) == 0 {
		s.Labels = nil
	}
	if s.Empty() {
		s.Network = networkNames[0]
	}
	if rapid.IntRange(0, 4).Draw(t, "both") == 0 {
		s.Network = rapid.SampledFrom(networkNames).Draw(t, "network")
	}
	return s
}

func drawSide(t *rapid.T) (side []linkspan.Selector) {
	for range rapid.IntRange(0, 2).Draw(t, "selectors") {
		side = append(side, drawSelector(t))
	}
	return side
}

var drawnPorts = []string{
	"tcp", "udp", "icmp", "gre", "ip/200", "tcp/80", "tcp/80-90", "tcp/64-127", "tcp/0-1023", "tcp/1024-65535", "tcp/100-300",
	"udp/53", "icmp/8", "icmp/0", "ipv6-icmp/128", "sctp",
}

func drawPolicy(t *rapid.T, id linkspan.PolicyID) *linkspan.Policy {
	p := &linkspan.Policy{
		ID: id, Name: fmt.Sprintf("p%d", id), Priority: uint16(rapid.IntRange(0, 3).Draw(t, "priority")),
		Action: linkspan.PolicyAction(rapid.IntRange(1, 3).Draw(t, "action")), From: drawSide(t), To: drawSide(t),
	}
	for range rapid.IntRange(0, 3).Draw(t, "ports") {
		ports, err := linkspan.ParsePolicyPorts(rapid.SampledFrom(drawnPorts).Draw(t, "ports"))
		if err != nil {
			t.Fatal(err)
		}
		p.Ports = append(p.Ports, ports)
	}
	return p
}

// change draws a change, makes it in w and returns it for the View.
func (w *world) change(t *rapid.T) []view.Change {
	if rapid.IntRange(0, 2).Draw(t, "endpoint") == 0 {
		return w.changeEndpoint(t)
	}
	return []view.Change{w.changeOther(t)}
}

func (w *world) changeOther(t *rapid.T) view.Change {
	switch rapid.IntRange(0, 6).Draw(t, "change") {
	case 0:
		id := linkspan.NetworkID(rapid.IntRange(1, 3).Draw(t, "network"))
		if _, there := w.networks[id]; there && rapid.Bool().Draw(t, "remove") {
			delete(w.networks, id)
			return view.RemoveNetwork(id)
		}
		w.networks[id] = &linkspan.Network{
			ID: id, Name: networkNames[id-1], Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(id), 0, 0}), 16),
			Subnet6: netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0xfd, 3: byte(id)}), 64),
		}
		return view.PutNetwork(w.networks[id])
	case 1:
		id := linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis"))
		w.chassis[id] = &linkspan.Chassis{ID: id, Name: chassisNames[id-1]}
		return view.PutChassis(w.chassis[id])
	case 2:
		group := rapid.SampledFrom(groupNames).Draw(t, "group")
		w.groups[group] = rapid.SliceOfNDistinct(rapid.Map(rapid.IntRange(1, 3), func(n int) linkspan.NetworkID { return linkspan.NetworkID(n) }), 0, 3, rapid.ID).Draw(t, "networks")
		return view.PutGroup(&linkspan.Group{Name: group, Networks: slices.Sorted(slices.Values(w.groups[group]))})
	}
	id := linkspan.PolicyID(rapid.IntRange(1, 12).Draw(t, "policy"))
	if _, there := w.policies[id]; there && rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
		delete(w.policies, id)
		return view.RemovePolicy(id)
	}
	w.policies[id] = drawPolicy(t, id)
	return view.PutPolicy(w.policies[id])
}

// changeEndpoint draws an endpoint, whose port is its own in all worlds, and with it the
// reservation of its second address, if it has one.
func (w *world) changeEndpoint(t *rapid.T) []view.Change {
	a := drawAddress(t)
	network := linkspan.NetworkID(a.As4()[1])
	if network == 0 {
		network = 1
		a = netip.AddrFrom4([4]byte{10, 1, 0, a.As4()[3]})
	}
	key := view.Key{Network: network, Address: a}
	if _, there := w.endpoints[key]; there && rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
		delete(w.endpoints, key)
		return []view.Change{view.RemoveEndpoint(network, a), view.RemoveEndpoint(network, secondOf(a))}
	}
	e := &linkspan.Endpoint{
		Network: network, Address: a, Chassis: linkspan.ChassisID(rapid.IntRange(1, 2).Draw(t, "chassis")),
		Port: uint32(network)<<8 + uint32(a.As4()[3]), MAC: linkspan.MAC{2},
		Container: rapid.SampledFrom(containers).Draw(t, "container"), Labels: drawLabels(t, 3),
	}
	w.endpoints[key] = e
	if rapid.Bool().Draw(t, "IPv4 alone") {
		return []view.Change{view.PutEndpoint(e), view.RemoveEndpoint(network, secondOf(a))}
	}
	e.Address6 = secondOf(a)
	return []view.Change{view.PutEndpoint(e), view.PutEndpoint(&linkspan.Endpoint{Network: network, Address: e.Address6, Chassis: e.Chassis})}
}

// parties returns all endpoints, at each of their addresses, and some addresses outside.
func (w *world) parties() (all []view.Party) {
	for _, a := range []string{"10.0.0.7", "192.0.2.1", "fd00::7", "2001:db8::1"} {
		all = append(all, view.Outside(netip.MustParseAddr(a)))
	}
	for _, key := range slices.SortedFunc(maps.Keys(w.endpoints), func(a, b view.Key) int { return a.Address.Compare(b.Address) }) {
		e := w.endpoints[key]
		if all = append(all, view.PartyOf(e)); e.Address6.IsValid() {
			face := *e
			face.Address, face.Address6 = e.Address6, netip.Addr{}
			all = append(all, view.PartyOf(&face))
		}
	}
	return all
}
