// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// townPorts are the ports that matter: of policies, of packets, and around them.
var townPorts = []uint16{22, 80, 443, 5000, 5003}

// legislate puts a policy or removes one.
func (w *town) legislate(t *rapid.T) {
	id := linkspan.PolicyID(rapid.IntRange(1, 6).Draw(t, "policy"))
	if rapid.IntRange(0, 3).Draw(t, "removed") == 0 {
		w.hub.Update(view.RemovePolicy(id))
		return
	}
	p := &linkspan.Policy{
		ID: id, Name: fmt.Sprint("p", id), Priority: uint16(rapid.IntRange(0, 3).Draw(t, "priority")),
		Action: linkspan.PolicyAction(rapid.IntRange(1, 3).Draw(t, "action")), From: townSide(t, "from"), To: townSide(t, "to"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "ports") {
		ports, err := linkspan.ParsePolicyPorts(rapid.SampledFrom([]string{
			"tcp", "tcp/80", "tcp/443-600", "udp/5000-5010", "icmp", "icmp/8", "icmp6", "icmp6/128", "gre",
		}).Draw(t, "ports"))
		if err != nil {
			t.Fatal(err)
		}
		p.Ports = append(p.Ports, ports)
	}
	w.hub.Update(view.PutPolicy(p))
}

func townSide(t *rapid.T, side string) []linkspan.Selector {
	all := []linkspan.Selector{
		{Network: "n1"}, {Network: "n2"}, {Group: "a"}, {Endpoint: "x"}, {Endpoint: "y"}, {Endpoint: "h1/z.n3"},
		{Labels: map[string]string{"app": "db"}}, {CIDR: netip.MustParsePrefix("10.2.0.0/30")},
		{CIDR: netip.MustParsePrefix("fd00:2::/126")},
	}
	var out []linkspan.Selector
	for range rapid.IntRange(0, 2).Draw(t, side) {
		out = append(out, rapid.SampledFrom(all).Draw(t, side))
	}
	return out
}

// label gives an endpoint other labels, and changes nothing else.
func (w *town) label(t *rapid.T) {
	all := w.attached(w.hub.View())
	if len(all) == 0 {
		return
	}
	e := *rapid.SampledFrom(all).Draw(t, "endpoint")
	if e.Address.Is6() { // a face has its labels of the endpoint
		return
	}
	e.Labels = rapid.SampledFrom([]map[string]string{nil, {"app": "db"}, {"app": "web"}}).Draw(t, "labels")
	e.Undescribed = e.Labels == nil && rapid.IntRange(0, 3).Draw(t, "undescribed") == 0
	w.hub.Update(view.PutEndpoint(&e))
}

// talk is a connection that was opened and answered.
type talk struct {
	from, to view.Key
	protocol uint8
	src, dst uint16
}

// decided says what becomes of what opens a connection.
func decided(v *view.View, from, to *linkspan.Endpoint, protocol uint8, port uint16) decide.Decision {
	p := decide.Packet{Chassis: from.Chassis, Port: from.Port, Network: from.Network, Source: from.Address, Destination: to.Address, TTL: 64}
	p.Protocol, p.DestinationPort = protocol, port
	if linkspan.Typed(protocol) {
		p.ICMPType, p.DestinationPort = uint8(port), 0
	}
	var d decide.Decision
	decide.Decide(v, &p, &d)
	return d
}

// open has an endpoint open a connection, which is answered if it comes there.
func (w *town) open(t *rapid.T) {
	v := w.hub.View()
	all := w.attached(v)
	if len(all) < 2 {
		return
	}
	from, to := rapid.SampledFrom(all).Draw(t, "from"), rapid.SampledFrom(all).Draw(t, "to")
	if from.Address == to.Address || from.Address.Is4() != to.Address.Is4() {
		return
	}
	w.opened++
	c := talk{view.KeyOf(from), view.KeyOf(to), rapid.SampledFrom([]uint8{decide.ProtocolTCP, decide.ProtocolUDP}).Draw(t, "protocol"),
		rapid.SampledFrom([]uint16{20000, 40000}).Draw(t, "source port") + w.opened, rapid.SampledFrom(townPorts).Draw(t, "port")}
	d := decided(v, from, to, c.protocol, c.dst)
	if d.Verdict != decide.Allow {
		w.expect(t, d, c, false, c.from, view.Key{})
		return
	}
	c.to = view.KeyOf(d.Destination)
	w.expect(t, d, c, false, c.from, c.to)
	w.expect(t, d, c, true, c.to, c.from)
	w.talks = append(w.talks, c)
}

// expect sends a packet of a connection, and looks whether it comes to whom it is to,
// and to nobody else; the zero Key is nobody.
func (w *town) expect(t *rapid.T, d decide.Decision, c talk, answer bool, from, to view.Key) {
	t.Helper()
	w.mu.Lock()
	clear(w.got)
	w.mu.Unlock()
	s := controltest.Sent{Protocol: c.protocol, Src: c.src, Dst: c.dst, Flags: packet.TCPSyn}
	if answer {
		s.Src, s.Dst, s.Flags = c.dst, c.src, packet.TCPSyn|packet.TCPAck
	}
	w.send(t, d, c, s, from, to)
}

func (w *town) send(t *rapid.T, d decide.Decision, c talk, s controltest.Sent, from, to view.Key) {
	t.Helper()
	other := c.to
	if from == c.to {
		other = c.from
	}
	w.fabric.Send(from, other, s)
	w.quiet()
	want := map[view.Key][]netip.Addr{}
	if to.Network != 0 {
		want[to] = []netip.Addr{from.Address}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if fmt.Sprint(w.got) != fmt.Sprint(want) {
		t.Fatalf("%v: %v from %s: %s (%s) tracked %v %s; it came to %v, not to %v", c, s, from, d.Verdict, d.Reason, d.Tracked, d.Class, w.got, want)
	}
}

// goOn sends one more packet of a connection.
func (w *town) goOn(t *rapid.T) {
	if len(w.talks) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.talks)-1).Draw(t, "connection")
	c, v := w.talks[i], w.hub.View()
	from, to := v.Endpoint(c.from), v.Endpoint(c.to)
	if from == nil || to == nil || !from.Attached() || !to.Attached() || !w.plain(v, c.from) || !w.plain(v, c.to) {
		w.talks = slices.Delete(w.talks, i, i+1)
		return
	}
	known, of := w.known(c, from, to)
	if known != 0 && known != of {
		return // each half has its own answer; both are right
	}
	there, back := decided(v, from, to, c.protocol, c.dst), decided(v, to, from, c.protocol, c.src)
	may, reverse := there.Verdict == decide.Allow && there.Destination == to, back.Verdict == decide.Allow && back.Destination == from
	s, sender, receiver, want := controltest.Sent{Protocol: c.protocol, Src: c.src, Dst: c.dst, Flags: packet.TCPAck}, c.from, c.to, may
	if answer := rapid.Bool().Draw(t, "answer"); answer {
		s.Src, s.Dst, sender, receiver = c.dst, c.src, c.to, c.from
		if known == 0 && c.protocol != decide.ProtocolTCP && c.src >= 32768 {
			return // it may be late, and is dropped for a while
		}
		if known == 0 && c.protocol != decide.ProtocolTCP { // it may have opened one itself: what follows is of that
			want = reverse
			w.talks = slices.Delete(w.talks, i, i+1)
		}
	}
	if known == 0 && c.protocol == decide.ProtocolTCP && c.src < 32768 { // its ports do not say who opened
		want = may && reverse
	}
	if !want {
		receiver = view.Key{}
	}
	w.mu.Lock()
	clear(w.got)
	w.mu.Unlock()
	w.send(t, there, c, s, sender, receiver)
}

// plain says whether nobody else has an endpoint's address.
func (w *town) plain(v *view.View, key view.Key) bool {
	for e := range v.Endpoints() {
		if e.Address == key.Address && e.Network != key.Network {
			return false
		}
	}
	return true
}

// known says on how many of the chassis of its ends a connection is known, in the zone
// in which it is tracked there now: it may be in another, of before an end moved, where
// nobody looks for it until it times out.
func (w *town) known(c talk, from, to *linkspan.Endpoint) (n, of int) {
	text := fmt.Sprintf(" protocol %d %s:%d > %s:%d", c.protocol, c.from.Address, c.src, c.to.Address, c.dst)
	zone := func(id linkspan.ChassisID) uint32 {
		if from.Chassis == to.Chassis {
			return min(from.Port, to.Port)
		}
		if from.Chassis == id {
			return from.Port
		}
		return to.Port
	}
	ids := []linkspan.ChassisID{from.Chassis, to.Chassis}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		of++
		if slices.Contains(w.fabric.Switch(id).Connections(), fmt.Sprintf("zone=%d%s", zone(id), text)) {
			n++
		}
	}
	return n, of
}

// classAllowed says whether samples of a class may be opened.
func classAllowed(v *view.View, from, to *linkspan.Endpoint, c decide.Class) error {
	protocols, ports := []uint8{c.Protocol}, append([]uint16{c.Port, c.Last()}, townPorts...)
	if c.Protocol == 0 {
		protocols = []uint8{decide.ProtocolICMP, decide.ProtocolTCP, decide.ProtocolUDP, decide.ProtocolICMPv6, 47}
	}
	for _, protocol := range protocols {
		for _, port := range ports {
			if linkspan.Typed(protocol) {
				port = min(port, 0xff)
			}
			if !c.Contains(protocol, port) {
				continue
			}
			if d := decided(v, from, to, protocol, port); d.Verdict != decide.Allow {
				return fmt.Errorf("protocol %d port %d: %s", protocol, port, d.Reason)
			}
		}
	}
	return nil
}

// deniedClass looks whether a flow denies a class to a pair that may open it now.
func (w *town) deniedClass(t *rapid.T, v *view.View, from, to *linkspan.Endpoint, f controltest.Flow) {
	protocol, _ := f.Match.Uint(openflow.FieldCTProto)
	if _, _, answers := f.Match.Lookup(openflow.FieldCTPortSrc); answers && !linkspan.Typed(uint8(protocol)) {
		return // stray segments of TCP, or late answers of UDP, which else might open
	}
	field := openflow.FieldCTPortDst
	if linkspan.Typed(uint8(protocol)) {
		field = openflow.FieldCTPortSrc
	}
	value, _, _ := f.Match.Lookup(field)
	var port uint16
	for _, b := range value {
		port = port<<8 | uint16(b)
	}
	if state, _, _ := f.Match.Lookup(openflow.FieldCTState); len(state) > 0 && openflow.CTState(state[len(state)-1])&openflow.CTReply != 0 {
		from, to = to, from
	}
	if d := decided(v, from, to, uint8(protocol), port); d.Verdict == decide.Allow && d.Destination == to {
		t.Fatalf("%s denied to %s: %s (%s): %s", view.KeyOf(from), view.KeyOf(to), d.Reason, d.Class, f.String())
	}
}

func (w *town) quiet() { w.settle(); synctest.Wait() }
