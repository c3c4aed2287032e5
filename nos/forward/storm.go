// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"slices"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// Priorities in the table of storms.
const (
	stormBroadcast = 20
	stormMulticast = 10
)

// storm limits what goes to many. Broadcast frames are multicast, too: those of a port with
// a limit for the latter only pass beside it.
func (b *builder) storm() {
	for i := range b.ports {
		p := &b.ports[i]
		if p.limits[Broadcast] > 0 || p.limits[Multicast] > 0 {
			b.limit(p, Broadcast, TableStorm, stormBroadcast, TableACL, func(m *openflow.Match) *openflow.Match { return m.EthDst(packet.Broadcast()) })
		}
		if p.limits[Multicast] > 0 {
			b.limit(p, Multicast, TableStorm, stormMulticast, TableACL, group)
		}
	}
	b.to(TableStorm, 0, new(openflow.Match), TableACL)
}

// limit adds the flows of a kind of frames of a port, by their destination, and the
// meter if there is a limit. The members of a bond have one meter.
func (b *builder) limit(p *port, k Kind, table uint8, priority uint16, next uint8, dst func(*openflow.Match) *openflow.Match) {
	path := p.path("storm-control", k.String())
	var l openflow.Instructions
	if rate := p.limits[k]; rate > 0 {
		meter := Meter{ID: meterID(p.slot, k), Rate: rate, Kind: k, Port: p.name, Path: path}
		b.set.Meters = append(b.set.Meters, meter)
		l = l.Meter(meter.ID)
	}
	l = l.GotoTable(next)
	for _, of := range p.of {
		var m openflow.Match
		b.flow(table, priority, dst(m.InPort(of)), l, path...)
	}
}

// group matches frames for several stations, single those for one.
func group(m *openflow.Match) *openflow.Match {
	return m.EthDstMasked(openflow.MAC{0x01}, openflow.MAC{0x01})
}
func single(m *openflow.Match) *openflow.Match {
	return m.EthDstMasked(openflow.MAC{}, openflow.MAC{0x01})
}

// Priorities in the table of unknown stations.
const (
	unknownKnown   = 20
	unknownLimited = 10
)

// unknown limits frames for stations that were not learnt. Open vSwitch does not tell whom it
// knows, so the bridge learns a second time, by flows, while a port has such a limit.
func (b *builder) unknown(t *tree.Tree) {
	var m openflow.Match
	if !slices.ContainsFunc(b.ports, func(p port) bool { return p.limits[UnknownUnicast] > 0 }) {
		b.to(TableLearn, 0, &m, TableDispatch)
		return
	}
	acts := openflow.Actions(nil).Learn(learnt(t)).ResubmitTable(openflow.PortInPort, TableKnown)
	b.flow(TableLearn, 0, &m, openflow.Instructions(nil).Apply(acts).GotoTable(TableUnknown))
	b.to(TableUnknown, unknownKnown, m.Reg(regKnown, 1), TableDispatch)
	for i := range b.ports {
		if p := &b.ports[i]; p.limits[UnknownUnicast] > 0 {
			b.limit(p, UnknownUnicast, TableUnknown, unknownLimited, TableDispatch, single)
		}
	}
	b.to(TableUnknown, 0, new(openflow.Match), TableDispatch)
}

// learnt is the flow that is learnt of a frame: as long known as the bridge itself knows
// the station, and as many of them.
func learnt(t *tree.Tree) *openflow.Learn {
	age, limit := switching(t)
	vlan, known := openflow.Reg(regVLAN).All(), openflow.Reg(regKnown).All()
	return &openflow.Learn{
		Table: TableKnown, Priority: 1, Cookie: CookieLearned, HardTimeout: age, Limit: limit,
		Specs: []openflow.LearnSpec{
			{Src: vlan, Dst: vlan},
			{Src: openflow.FieldNXMEthSrc.All(), Dst: openflow.FieldNXMEthDst.All()},
			{Value: 1, Dst: known, Load: true},
		},
	}
}
