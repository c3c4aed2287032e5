// SPDX-License-Identifier: Apache-2.0

package dispatch

import "github.com/linkspan/linkspan/wire/openflow"

// station adds the ways to and from a host. All that the fabric needs is there
// whoever decides, so that a change of that is one of table 7 alone.
func (b *builder) station(v *VLAN, s *Station) {
	sdn := v.ModeAt(s.Port) == SDN
	b.forOther(v, s, sdn)
	if !sdn {
		b.known(v, s)
	}
	if s.Patch != 0 {
		b.plugged(v, s)
	}
	b.station6(v, s)
}

// forOther leads what others send to a host, while they are traditional or hold its
// other address.
func (b *builder) forOther(v *VLAN, s *Station, sdn bool) {
	router := RouterMAC()
	forIt := func() *openflow.Match { return in(v.ID).EthDst(router).EthType(typeIPv4).IPv4Dst(s.Address) }
	if !sdn && s.Patch == 0 {
		return // it may be that the address is another's in the fabric
	}
	if !sdn {
		set := apply(openflow.Actions(nil).SetMAC(openflow.FieldEthDst, s.MAC)).GotoTable(tableNoticed)
		b.add(tableWatched, 1400, Cookie, forIt(), set)
		b.add(tableWatched, 1400, Cookie, in(v.ID).EthDst(router).EthType(typeARP).ARPOp(arpRequest).ARPTPA(s.Address), set)
		return
	}
	b.toSDN(tableWatched, 1400, forIt)
	b.toSDN(tableWatched, 1500, func() *openflow.Match { return in(v.ID).EthDst(s.MAC) })
	b.toSDN(tableWatched, 1500, func() *openflow.Match { return in(v.ID).EthType(typeARP).ARPTPA(s.Address) })
	if own := v.Interface.Port; own != 0 {
		b.add(tableWatched, 1600, Cookie, match().InPort(own).Reg(RegVLAN, uint32(v.ID)).EthDst(s.MAC), apply(s.toHost()))
	}
}

// from matches what a host sends.
func (s *Station) from() *openflow.Match {
	return match().InPort(s.Port).Reg(RegVLAN, uint32(s.VLAN)).EthSrc(s.MAC)
}

// known lets pass what a host sends that is not to be noticed any more. In shadow a
// copy of what is for the VLAN's network goes to the fabric: after the frame itself has gone on, as it is changed. What comes
// back of it is dropped, as it was delivered already.
func (b *builder) known(v *VLAN, s *Station) {
	b.add(tableNoticed, 1300, Cookie, toOne(s.from()).EthType(typeIPv4).IPv4Src(s.Address), to(tableItself))
	if s.Patch != 0 {
		b.forFabric(s)
	}
	if !s.Shadow || s.Patch == 0 || !v.Subnet.IsValid() {
		return
	}
	m := toOne(s.shadowed()).EthType(typeIPv4).IPv4Src(s.Address).IPv4DstPrefix(v.Subnet)
	b.add(tableNoticed, 1400, CookieShadow|uint64(s.Patch), m, apply(s.copied()))
	b.add(tableStation, 1500, CookieDropped|uint64(s.Patch), in(v.ID).EthType(typeIPv4).IPv4Src(s.Address), nil)
}

// shadowed matches what a host sends in the form that copied takes the tag from.
func (s *Station) shadowed() *openflow.Match {
	if s.Tagged {
		return s.from().Uint(openflow.FieldVLANVID, vidPresent|uint64(s.VLAN))
	}
	return s.from().Uint(openflow.FieldVLANVID, 0)
}

// copied has a frame go on, and then a copy of it to the fabric.
func (s *Station) copied() openflow.Actions {
	acts := openflow.Actions(nil).ResubmitTable(openflow.PortInPort, tableItself)
	if s.Tagged {
		acts = acts.PopVLAN()
	}
	return acts.SetMAC(openflow.FieldEthDst, RouterMAC()).Output(s.Patch, 0)
}

// forFabric leads there what a host sends that is for it, whoever decides about the rest.
func (b *builder) forFabric(s *Station) {
	b.toSDN(tableNoticed, 1450, func() *openflow.Match {
		return s.from().Reg(regFabric, 1).EthType(typeIPv4).IPv4Src(s.Address)
	})
	b.toSDN(tableNoticed, 1450, func() *openflow.Match {
		return s.from().Reg(regFabric, 1).EthType(typeARP).ARPOp(arpRequest).ARPSPA(s.Address)
	})
}

// plugged joins a host to the fabric.
func (b *builder) plugged(v *VLAN, s *Station) {
	note := openflow.Actions(nil).SetUint(openflow.Reg(RegVLAN), uint64(v.ID))
	b.add(tableGuard, 1100, Cookie, match().InPort(s.Patch), apply(note).GotoTable(tableDispatch))
	b.add(tableDispatch, 2000, Cookie, match().InPort(s.Patch), to(tableStation))
	toFabric := openflow.Actions(nil).SetMAC(openflow.FieldEthDst, RouterMAC()).Output(s.Patch, 0)
	b.add(tableSDN, 1400, Cookie, toOne(s.from()).EthType(typeIPv4).IPv4Src(s.Address), apply(toFabric))
	b.add(tableSDN, 1400, Cookie, s.from().EthType(typeARP).ARPOp(arpRequest).ARPSPA(s.Address), apply(append(up(v.ID), out(s.Patch)...)))
	b.add(tableStation, 1400, Cookie, match().InPort(s.Patch), apply(s.toHost()))
}

// toHost outputs a frame without a tag to the host.
func (s *Station) toHost() openflow.Actions {
	return Tag(s.VLAN, s.Tagged).Output(s.Port, 0)
}

// Tag returns what puts the tag of a VLAN on a frame without one, if it should have one.
func Tag(vlan uint16, tagged bool) openflow.Actions {
	if !tagged {
		return nil
	}
	return openflow.Actions(nil).PushVLAN(typeVLAN).SetUint(openflow.FieldVLANVID, vidPresent|uint64(vlan))
}
