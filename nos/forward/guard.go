// SPDX-License-Identifier: Apache-2.0

package forward

import "github.com/linkspan/linkspan/wire/openflow"

// vidPresent is the bit beside a VLAN's id that says that there is a tag (OpenFlow
// 1.3.5, 7.2.3.7).
const vidPresent = 0x1000

// guard drops what no bridge passes on, and notes VLAN and access list.
func (b *builder) guard() {
	var m openflow.Match
	// Frames for bridges alone (IEEE 802.1Q, 8.6.3). Spanning tree and LACP have had theirs.
	b.drop(TableGuard, guardNever, m.EthDstMasked(openflow.MAC{0x01, 0x80, 0xc2}, openflow.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xf0}))
	b.drop(TableGuard, guardNever, m.Reset().EthSrcMasked(openflow.MAC{0x01}, openflow.MAC{0x01})) // nobody is a group
	for i := range b.ports {
		if m := b.ports[i].input(); m != nil {
			b.set.Meters = append(b.set.Meters, *m)
		}
		for _, of := range b.ports[i].of {
			b.admit(&b.ports[i], of)
		}
	}
}

// admit lets in what a port may send.
func (b *builder) admit(p *port, of uint32) {
	var m openflow.Match
	if p.untagged != 0 { // a tag with id 0 says a priority, and no VLAN
		m.InPort(of).UintMasked(openflow.FieldVLANVID, 0, 0x0fff)
		b.flow(TableGuard, guardUntagged, &m, p.enter(openflow.Actions(nil).SetUint(openflow.Reg(regVLAN), uint64(p.untagged))), p.path()...)
	}
	if p.access {
		return
	}
	if p.untagged == 0 {
		b.drop(TableGuard, guardUntagged, m.Reset().InPort(of).UintMasked(openflow.FieldVLANVID, 0, 0x0fff), p.path()...)
	}
	id := openflow.FieldVLANTCI.Bits(0, 12)
	enter := p.enter(openflow.Actions(nil).Move(id, vlanBits()))
	if p.tagged == nil {
		b.flow(TableGuard, guardTagged, m.Reset().InPort(of).UintMasked(openflow.FieldVLANVID, vidPresent, vidPresent), enter, p.path()...)
	}
	for _, s := range p.tagged {
		for _, v := range s.masks() {
			b.flow(TableGuard, guardTagged, tag(m.Reset().InPort(of), v), enter, p.path("allowed-vlans")...)
		}
	}
}

// tag matches the VLANs of tags; with no mask where it is one, as Open vSwitch tells it.
func tag(m *openflow.Match, v masked) *openflow.Match {
	if v.mask == 0xffff {
		return m.Uint(openflow.FieldVLANVID, vidPresent|uint64(v.value))
	}
	return m.UintMasked(openflow.FieldVLANVID, vidPresent|uint64(v.value), vidPresent|uint64(v.mask&0x0fff))
}

// enter ends what the guard does with a frame that may come in.
func (p *port) enter(a openflow.Actions) openflow.Instructions {
	if p.acl != "" {
		a = a.SetUint(openflow.Reg(regACL), uint64(aclNumber(p.acl)))
	}
	var l openflow.Instructions
	if m := p.input(); m != nil {
		l = l.Meter(m.ID)
	}
	return l.Apply(a).GotoTable(TableStorm)
}
