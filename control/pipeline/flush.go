// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Of messages that have connections forgotten each one costs the switch a look at all
// connections that it knows, unless it names one. So there are no more than these for
// a pair, and for all pairs of one revision; beyond that more is forgotten than fell.
// What is allowed of that becomes known again by its next packet.
const maxFlushes, maxFlushesInAll = 8, 64

// Fallen is what was allowed on a chassis between the ends of a leg and is not any more.
type Fallen struct {
	Leg         Leg
	There, Back []decide.Class // that may not be opened in the leg's direction, and in the other
	All         bool           // nothing may be
}

// AppendFlush appends the messages after which connections of all that fell are not
// known any more on a chassis. It comes behind the deletion of their flows: connections
// that are still allowed become known again. Flows cut, and this tidies: echoes, which can be
// named by their identifier only, and what is between an endpoint and more addresses than
// one are left to time out.
func AppendFlush(b []byte, xid uint32, fallen []Fallen) []byte {
	var all []openflow.CTFlush
	for i := range fallen {
		all = append(all, fallen[i].flushes()...)
	}
	if len(all) > maxFlushesInAll {
		all = nil
		for i := range fallen {
			all = append(all, fallen[i].pair()...)
		}
	}
	if len(all) > maxFlushesInAll {
		all = nil
		for i := range fallen {
			all = append(all, openflow.CTFlush{Zone: fallen[i].Leg.zone(), HasZone: true})
		}
	}
	for i := range all {
		if !slices.Contains(all[:i], all[i]) {
			b = all[i].Append(b, xid)
		}
	}
	return b
}

// flushes returns what forgets what fell, and no more than the rest of its protocols, or
// of the pair.
func (f *Fallen) flushes() []openflow.CTFlush {
	if f.All {
		return f.pair()
	}
	for _, width := range [...]func(decide.Class) decide.Class{
		func(c decide.Class) decide.Class { return c },
		func(c decide.Class) decide.Class { return decide.ClassOf(c.Protocol) },
	} {
		if list, few := f.of(width); few {
			return list
		}
	}
	return f.pair()
}

// of returns what forgets the classes that fell, each as wide as width makes it; few is
// false when that is too many.
func (f *Fallen) of(width func(decide.Class) decide.Class) (list []openflow.CTFlush, few bool) {
	back := f.Leg.back()
	for _, way := range []struct {
		leg     *Leg
		classes []decide.Class
	}{{&f.Leg, f.There}, {&back, f.Back}} {
		for _, c := range way.classes {
			if c = width(c); c.Bits > 0 && c.Last()-c.Port >= maxFlushes {
				return nil, false
			}
			for _, m := range way.leg.flushes(c) {
				if !slices.Contains(list, m) {
					list = append(list, m)
				}
			}
		}
	}
	return list, len(list) <= maxFlushes
}

// flushes returns what forgets connections of a class that were opened in the leg's
// direction, and those that a late answer has turned round. None of TCP ever is: see
// AppendStrays.
func (l *Leg) flushes(c decide.Class) (list []openflow.CTFlush) {
	if linkspan.Typed(c.Protocol) || l.several() {
		return nil
	}
	there := openflow.CTFlush{
		Proto: c.Protocol, Zone: l.zone(), HasZone: true,
		Orig: openflow.CTTuple{Src: l.From.Address, Dst: l.To.Address},
	}
	turned := there
	turned.Orig.Src, turned.Orig.Dst = l.To.Address, l.From.Address
	if c.Protocol == 0 {
		turned.Proto = decide.ProtocolUDP
	}
	for port := uint32(c.Port); port <= uint32(c.Last()); port++ {
		if c.Bits > 0 {
			there.Orig.DstPort, turned.Orig.SrcPort = uint16(port), uint16(port)
		}
		if list = append(list, spelled(there)...); c.Protocol != decide.ProtocolTCP {
			list = append(list, turned)
		}
		if c.Bits == 0 {
			break
		}
	}
	return list
}

// several says whether one end is more addresses than one, which no message names.
func (l *Leg) several() bool { return l.Outside.IsValid() && !l.Outside.IsSingleIP() }

// pair returns what forgets all connections of the pair, whoever opened them.
func (f *Fallen) pair() []openflow.CTFlush {
	if f.Leg.several() {
		return nil
	}
	there := openflow.CTFlush{
		Zone: f.Leg.zone(), HasZone: true,
		Orig: openflow.CTTuple{Src: f.Leg.From.Address, Dst: f.Leg.To.Address},
	}
	back := there
	back.Orig = openflow.CTTuple{Src: there.Orig.Dst, Dst: there.Orig.Src}
	return append(spelled(there), spelled(back)...)
}

// AppendEmptyZone appends the message that has all connections of a zone forgotten.
func AppendEmptyZone(b []byte, xid uint32, zone uint16) []byte {
	f := openflow.CTFlush{Zone: zone, HasZone: true}
	return f.Append(b, xid)
}

// spelled returns a flush by addresses as a switch can be told it. One of IPv6 names its
// protocol, and never ICMPv6: ovs-vswitchd 3.1 ends itself when such a flush finds an
// ICMPv6 connection. Connections of the protocols that are left out stay known until they
// time out, as echoes do.
func spelled(f openflow.CTFlush) []openflow.CTFlush {
	if f.Proto != 0 || !f.Orig.Src.Is6() {
		return []openflow.CTFlush{f}
	}
	var list []openflow.CTFlush
	for _, f.Proto = range [...]uint8{decide.ProtocolTCP, decide.ProtocolUDP, decide.ProtocolSCTP} {
		list = append(list, f)
	}
	return list
}

// AppendFlushProbe appends a flush that finds nothing: a switch that does not know
// the message (Open vSwitch before 3.1) refuses it.
func AppendFlushProbe(b []byte, xid uint32) []byte {
	nobody := netip.IPv4Unspecified()
	f := openflow.CTFlush{Zone: zoneOfNobody, HasZone: true, Orig: openflow.CTTuple{Src: nobody, Dst: nobody}}
	return f.Append(b, xid)
}

// zoneOfNobody is a zone that no port has.
const zoneOfNobody = 0xffff
