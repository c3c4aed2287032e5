// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"bytes"
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Ethernet types and protocols that flows match.
const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806
	protoUDP = 17

	arpRequest = 1
	arpReply   = 2

	dhcpClient, dhcpServer = 68, 67 // UDP ports

	vidPresent = 0x1000 // there is a tag (OpenFlow 1.3.5, 7.2.3.7)
	typeVLAN   = 0x8100
)

// Flows returns all flows and meters of a state.
func Flows(s *State) Set {
	b := builder{state: s, vlans: make(map[uint16]*VLAN, len(s.VLANs))}
	for i := range s.VLANs {
		b.vlans[s.VLANs[i].ID] = &s.VLANs[i]
	}
	for _, id := range slices.Sorted(maps.Keys(b.vlans)) {
		b.vlan(b.vlans[id])
	}
	for i := range s.Stations {
		if v := b.vlans[s.Stations[i].VLAN]; v != nil {
			b.station(v, &s.Stations[i])
		}
	}
	for i := range s.Gates {
		b.gate(&s.Gates[i])
	}
	slices.SortFunc(b.set.Flows, func(x, y Flow) int {
		return cmp.Or(cmp.Compare(x.Table, y.Table), -cmp.Compare(x.Priority, y.Priority), cmp.Compare(x.Match.String(), y.Match.String()))
	})
	return b.set
}

type builder struct {
	state *State
	vlans map[uint16]*VLAN
	set   Set
}

// add adds a flow. Match and instructions are copied.
func (b *builder) add(table uint8, priority uint16, cookie uint64, m *openflow.Match, l openflow.Instructions) {
	b.set.Flows = append(b.set.Flows, Flow{table, priority, cookie, bytes.Clone(m.View()), bytes.Clone(l)})
}

func match() *openflow.Match               { return new(openflow.Match) }
func in(vlan uint16) *openflow.Match       { return match().Reg(RegVLAN, uint32(vlan)) }
func to(table uint8) openflow.Instructions { return openflow.Instructions(nil).GotoTable(table) }

func apply(a openflow.Actions) openflow.Instructions { return openflow.Instructions(nil).Apply(a) }

func out(port uint32) openflow.Actions { return openflow.Actions(nil).Output(port, 0) }

// toSDN adds what takes frames that m makes a match of to table 20, without their tag.
func (b *builder) toSDN(table uint8, priority uint16, m func() *openflow.Match) {
	tagged := m().UintMasked(openflow.FieldVLANVID, vidPresent, vidPresent)
	b.add(table, priority, Cookie, tagged, apply(openflow.Actions(nil).PopVLAN()).GotoTable(tableSDN))
	b.add(table, priority, Cookie, m().Uint(openflow.FieldVLANVID, 0), to(tableSDN))
}

// up copies a frame to whoever keeps the hosts.
func up(vlan uint16) openflow.Actions {
	return openflow.Actions(nil).Controller(&openflow.Controller{
		MaxLen: openflow.MaxLenNoBuffer, ID: ControllerID, Reason: openflow.ReasonAction, MeterID: MeterOf(vlan).ID,
	})
}

// toOne adds to a match that the frame is to one receiver.
func toOne(m *openflow.Match) *openflow.Match {
	return m.EthDstMasked(openflow.MAC{}, openflow.MAC{0x01})
}

// vlan adds what a VLAN has apart from its hosts.
func (b *builder) vlan(v *VLAN) {
	b.set.Meters = append(b.set.Meters, MeterOf(v.ID))
	b.chain(v.Mode, 1300, func() *openflow.Match { return in(v.ID) })
	for _, port := range slices.Sorted(maps.Keys(v.Ports)) {
		if v.Ports[port] != Foreign { // that is a gate's
			b.chain(v.Ports[port], 1400, func() *openflow.Match { return match().InPort(port).Reg(RegVLAN, uint32(v.ID)) })
		}
	}
	for _, ports := range [][2]uint64{{dhcpClient, dhcpServer}, {dhcpServer, dhcpClient}} {
		m := in(v.ID).EthType(typeIPv4).IPProto(protoUDP).Uint(openflow.FieldUDPSrc, ports[0]).Uint(openflow.FieldUDPDst, ports[1])
		b.add(tableDispatch, 1450, Cookie, m, to(tableItself))
	}
	b.watched(v)
	b.ownInterface(v)
	b.vlan6(v)
	b.add(tableSDN, 1300, Cookie, in(v.ID).EthType(typeARP), apply(up(v.ID)))
	b.add(tableSDN, 1300, Cookie, toOne(in(v.ID)).EthType(typeIPv4), apply(up(v.ID)))
	group := openflow.MAC{0x01}
	b.add(tableSDN, 1200, CookieGroups, in(v.ID).EthDstMasked(group, group), nil)
}

// chain adds what takes frames to who decides.
func (b *builder) chain(m Mode, priority uint16, frames func() *openflow.Match) {
	if m == SDN {
		b.toSDN(tableDispatch, priority, frames)
		return
	}
	b.add(tableDispatch, priority, Cookie, frames(), to(tableWatched))
}

// watched adds what notices hosts while the switch decides itself.
func (b *builder) watched(v *VLAN) {
	router := RouterMAC()
	b.add(tableWatched, 1390, Cookie, in(v.ID).EthDst(router).EthType(typeARP).ARPOp(arpReply), apply(up(v.ID)))
	forFabric := openflow.Actions(nil).SetUint(openflow.Reg(regFabric), 1)
	if v.Subnet.IsValid() {
		m := in(v.ID).EthDst(router).EthType(typeIPv4).IPv4DstPrefix(v.Subnet)
		b.add(tableWatched, 1360, Cookie, m, apply(forFabric).GotoTable(tableNoticed))
	}
	for _, a := range v.Bearers {
		b.add(tableWatched, 1450, CookieBearer, asksFor(in(v.ID), a), apply(forFabric).GotoTable(tableNoticed))
	}
	b.add(tableNoticed, 1200, Cookie, in(v.ID).EthType(typeARP), apply(up(v.ID)).GotoTable(tableItself))
	b.add(tableNoticed, 1100, Cookie, toOne(in(v.ID)).EthType(typeIPv4), apply(up(v.ID)).GotoTable(tableItself))
	b.add(tableNoticed, 1000, Cookie, in(v.ID), to(tableItself))
	b.add(tableWatched, 1000, Cookie, in(v.ID), to(tableNoticed))
}

// asksFor adds to a match that somebody asks who has an address.
func asksFor(m *openflow.Match, a netip.Addr) *openflow.Match {
	if a.Is6() {
		return icmp6(m, neighbourSolicit).NDTarget(a)
	}
	return m.EthType(typeARP).ARPOp(arpRequest).ARPTPA(a)
}

// ownInterface adds the ways to and from the switch's own interface.
func (b *builder) ownInterface(v *VLAN) {
	own := v.Interface
	if own.Port == 0 {
		return
	}
	set := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, own.MAC)
	b.add(tableDispatch, 1900, Cookie, match().InPort(own.Port).Reg(RegVLAN, uint32(v.ID)), to(tableWatched))
	b.add(tableWatched, 1650, Cookie, match().InPort(own.Port).Reg(RegVLAN, uint32(v.ID)).EthType(typeARP), to(tableItself))
	b.add(tableWatched, 1350, Cookie, in(v.ID).EthDst(RouterMAC()).EthType(typeIPv4), apply(set).GotoTable(tableItself))
	b.add(tableWatched, 1350, Cookie, six(in(v.ID).EthDst(RouterMAC())), apply(set).GotoTable(tableItself))
	for _, kind := range []uint8{neighbourSolicit, neighbourAdvert} {
		b.add(tableWatched, 1650, Cookie, icmp6(match().InPort(own.Port).Reg(RegVLAN, uint32(v.ID)), kind), to(tableItself))
	}
	for _, a := range own.Addresses {
		if a.Is6() {
			b.ownInterface6(v, a)
			continue
		}
		b.add(tableNoticed, 1500, Cookie, in(v.ID).EthType(typeIPv4).IPv4Dst(a), to(tableItself))
		b.add(tableSDN, 1500, Cookie, in(v.ID).EthType(typeARP).ARPTPA(a), apply(out(own.Port)))
		b.add(tableSDN, 1500, Cookie, in(v.ID).EthType(typeIPv4).IPv4Dst(a), apply(set.Output(own.Port, 0)))
	}
}
