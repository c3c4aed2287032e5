// SPDX-License-Identifier: Apache-2.0

package dispatch

import "github.com/linkspan/linkspan/wire/openflow"

// gate adds the ways to and from a foreign controller's bridge.
func (b *builder) gate(g *Gate) {
	frames := match().InPort(g.Port)
	if g.VLAN != 0 {
		frames.Reg(RegVLAN, uint32(g.VLAN))
	}
	b.add(tableDispatch, 1500, Cookie, frames, to(tableForeign))
	if g.Patch == 0 {
		return
	}
	b.add(tableGuard, 1100, Cookie, match().InPort(g.Patch), to(tableDispatch))
	b.add(tableDispatch, 2000, Cookie, match().InPort(g.Patch), to(tableReturned))
	b.add(tableReturned, 1400, Cookie, match().InPort(g.Patch), apply(Tag(g.VLAN, g.Tagged && g.VLAN != 0).Output(g.Port, 0)))
	if g.VLAN == 0 {
		b.add(tableForeign, 1300, Cookie, match().InPort(g.Port), apply(out(g.Patch)))
		return
	}
	given := func() *openflow.Match { return match().InPort(g.Port).Reg(RegVLAN, uint32(g.VLAN)) }
	b.add(tableForeign, 1400, Cookie, given().Uint(openflow.FieldVLANVID, 0), apply(out(g.Patch)))
	tagged := given().UintMasked(openflow.FieldVLANVID, vidPresent, vidPresent)
	b.add(tableForeign, 1400, Cookie, tagged, apply(openflow.Actions(nil).PopVLAN().Output(g.Patch, 0)))
}
