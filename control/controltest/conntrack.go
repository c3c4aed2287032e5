// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// tuple is what a connection is known by, in one direction. Of an echo, src is
// the identifier and dst the type.
type tuple struct {
	from, to netip.Addr
	proto    uint8
	src, dst uint16
}

func (t tuple) reversed() tuple {
	t.from, t.to = t.to, t.from
	switch t.proto {
	case packet.ProtoICMP:
		t.dst = uint16(packet.ICMPEchoRequest) - t.dst // the other of request and reply
		return t
	case packet.ProtoICMPv6:
		t.dst = uint16(packet.ICMPv6EchoRequest) + uint16(packet.ICMPv6EchoReply) - t.dst
		return t
	}
	t.src, t.dst = t.dst, t.src
	return t
}

// place is a tuple in a zone.
type place struct {
	zone uint16
	tuple
}

// tracker knows connections, as the datapath of Open vSwitch does, but for time:
// it forgets none by itself. It tracks TCP, UDP and echoes.
type tracker struct {
	known map[place]bool // by the direction in which they were opened; true: answered
	first map[fragment]tuple
}

// fragment is what the fragments of a packet have in common.
type fragment struct {
	from, to netip.Addr
	proto    uint8
	id       uint16
}

func newTracker() tracker {
	return tracker{known: make(map[place]bool), first: make(map[fragment]tuple)}
}

// tracked is what connection tracking says of a packet.
type tracked struct {
	state openflow.CTState
	zone  uint16
	orig  tuple // of the packet that opened the connection
}

// look places a frame in a zone.
func (k *tracker) look(zone uint16, frame []byte) tracked {
	t, related, ok := k.tupleOf(frame)
	r := tracked{state: openflow.CTTracked, zone: zone, orig: t}
	there, back := place{zone, t}, place{zone, t.reversed()}
	_, opened := k.known[there]
	_, answers := k.known[back]
	switch {
	case !ok:
		return tracked{state: openflow.CTTracked | openflow.CTInvalid, zone: zone}
	case opened && related: // about a packet in the opening direction: it goes back
		r.state |= openflow.CTRelated | openflow.CTReply
	case answers && related:
		r.state |= openflow.CTRelated
		r.orig = back.tuple
	case related:
		return tracked{state: openflow.CTTracked | openflow.CTInvalid, zone: zone}
	case opened && k.known[there]:
		r.state |= openflow.CTEstablished
	case answers:
		k.known[back] = true
		r.state |= openflow.CTEstablished | openflow.CTReply
		r.orig = back.tuple
	case !opened && !mayOpen(frame):
		return tracked{state: openflow.CTTracked | openflow.CTInvalid, zone: zone}
	default:
		r.state |= openflow.CTNew
	}
	return r
}

// commit makes a connection known that a frame opens.
func (k *tracker) commit(zone uint16, frame []byte) {
	if r := k.look(zone, frame); r.state&openflow.CTNew != 0 {
		k.known[place{zone, r.orig}] = false
	}
}

// mayOpen says whether a packet of no known connection may be the first of one.
func mayOpen(frame []byte) bool {
	var p packet.Packet
	_ = packet.Parse(frame, &p)
	if _, is := p.ICMPType(); is {
		return isEchoRequest(&p)
	}
	const opened = packet.TCPSyn | packet.TCPAck
	return p.TCPFlags()&opened != opened && p.TCPFlags()&packet.TCPRst == 0
}

// tupleOf reads a frame; related says that the tuple is of the packet which an ICMP
// error is about.
func (k *tracker) tupleOf(frame []byte) (t tuple, related, ok bool) {
	var p packet.Packet
	if packet.Parse(frame, &p) != nil || !p.IsIPv4() && !p.IsIPv6() {
		return t, false, false
	}
	t = tuple{from: p.Src(), to: p.Dst(), proto: p.Proto(), src: p.SrcPort(), dst: p.DstPort()}
	part := fragment{t.from, t.to, t.proto, binary.BigEndian.Uint16(p.Network()[4:])}
	if p.IsLaterFragment() {
		t, ok = k.first[part]
		return t, false, ok
	}
	if kind, is := p.ICMPType(); is {
		if p.IsIPv4() && (kind == packet.ICMPDestUnreachable || kind == packet.ICMPTimeExceeded) || p.IsIPv6() && kind < packet.ICMPv6EchoRequest {
			t, _, ok = k.tupleOf(slices.Concat(frame[:14], p.Payload()))
			return t, true, ok
		}
		t.src, _, ok = p.ICMPEcho()
		t.dst = uint16(kind)
		return t, false, ok
	}
	k.first[part] = t
	return t, false, p.Has(packet.LayerTCP) || p.Has(packet.LayerUDP)
}

// flush forgets the connections that a message picks. One by addresses that picks one of
// ICMPv6 ends the test, as it ends ovs-vswitchd 3.1.
func (k *tracker) flush(f *openflow.CTFlush) {
	for p := range k.known {
		if (!f.HasZone || f.Zone == p.zone) && (f.Proto == 0 || f.Proto == p.proto) &&
			picks(&f.Orig, p.tuple) && picks(&f.Reply, p.reversed()) {
			if p.proto == packet.ProtoICMPv6 && f.Orig != (openflow.CTTuple{}) {
				panic(fmt.Sprintf("controltest: a flush of a connection of ICMPv6: %+v", *f))
			}
			delete(k.known, p)
		}
	}
}

func picks(w *openflow.CTTuple, t tuple) bool {
	return (!w.Src.IsValid() || w.Src == t.from) && (!w.Dst.IsValid() || w.Dst == t.to) &&
		(w.SrcPort == 0 || w.SrcPort == t.src) && (w.DstPort == 0 || w.DstPort == t.dst)
}

// Connections returns the connections that are known, in order: zone, protocol and
// both ends, as they were opened.
func (s *Switch) Connections() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []place
	for p := range s.tracker.known {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.zone, b.zone), a.from.Compare(b.from), a.to.Compare(b.to),
			cmp.Compare(a.proto, b.proto), cmp.Compare(a.src, b.src), cmp.Compare(a.dst, b.dst))
	})
	list := make([]string, len(all))
	for i, p := range all {
		list[i] = fmt.Sprintf("zone=%d protocol %d %s:%d > %s:%d", p.zone, p.proto, p.from, p.src, p.to, p.dst)
	}
	return list
}

// ForgetConnections empties connection tracking, as a restart of the switch does.
func (s *Switch) ForgetConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tracker = newTracker()
}

// SetFlushes says whether the switch knows the message that flushes connections;
// at first it does.
func (s *Switch) SetFlushes(does bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noFlush = !does
}

// flushMessage does what a flush asks for; ok is false when m is none.
func (s *Switch) flushMessage(m openflow.Message) (ok bool) {
	var f openflow.CTFlush
	if s.noFlush || f.Decode(m) != nil {
		return false
	}
	s.tracker.flush(&f)
	return true
}

// ct does a ct action.
func (w *walk) ct(c *openflow.CT) {
	if c.Flags&openflow.CTCommit != 0 {
		w.s.tracker.commit(c.Zone, w.frame)
	}
	if c.Table != openflow.NoTable {
		fork := *w // what follows behind the action goes on with the packet as it was
		fork.frame = bytes.Clone(w.frame)
		fork.tracked = w.s.tracker.look(c.Zone, w.frame)
		if w.ethType() == packet.EtherTypeIPv4 && fragOf(w.frame) > 1 {
			fork.tracked.orig.src, fork.tracked.orig.dst = 0, 0 // kept from later fragments, as in userspace
		}
		fork.from(c.Table)
	}
}

// field returns the bytes of a field of connection tracking, nil for another one,
// or for one that the packet does not have.
func (r *tracked) field(f openflow.Field) []byte {
	switch f {
	case openflow.FieldCTState:
		return binary.BigEndian.AppendUint32(nil, uint32(r.state))
	case openflow.FieldCTZone:
		return binary.BigEndian.AppendUint16(nil, r.zone)
	}
	if r.orig.proto == 0 {
		return nil
	}
	src, dst := r.orig.src, r.orig.dst
	switch r.orig.proto {
	case packet.ProtoICMP:
		src, dst = uint16(packet.ICMPEchoRequest), 0
	case packet.ProtoICMPv6:
		src, dst = uint16(packet.ICMPv6EchoRequest), 0
	}
	switch f {
	case openflow.FieldCTProto:
		return []byte{r.orig.proto}
	case openflow.FieldCTIPv4Src, openflow.FieldCTIPv6Src:
		return ofFamily(f, r.orig.from)
	case openflow.FieldCTIPv4Dst, openflow.FieldCTIPv6Dst:
		return ofFamily(f, r.orig.to)
	case openflow.FieldCTPortSrc:
		return binary.BigEndian.AppendUint16(nil, src)
	case openflow.FieldCTPortDst:
		return binary.BigEndian.AppendUint16(nil, dst)
	}
	return nil
}

// ofFamily returns an address, nil for a field of the other family.
func ofFamily(f openflow.Field, a netip.Addr) []byte {
	if 8*f.Len() != a.BitLen() {
		return nil
	}
	return a.AsSlice()
}

// describe adds to the match of a packet_in what is known of the connection.
func (r *tracked) describe(m *openflow.Match) {
	if r.state == 0 {
		return
	}
	m.Uint(openflow.FieldCTState, uint64(r.state)).CTZone(r.zone)
	for _, f := range []openflow.Field{
		openflow.FieldCTProto, openflow.FieldCTIPv4Src, openflow.FieldCTIPv4Dst, openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst,
		openflow.FieldCTPortSrc, openflow.FieldCTPortDst,
	} {
		if v := r.field(f); v != nil {
			m.Add(openflow.OXM{Field: f, Value: v})
		}
	}
}
