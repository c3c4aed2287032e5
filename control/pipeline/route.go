// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// LegOf returns the direction of a packet that d allows, on one of the chassis.
func LegOf(d *decide.Decision, on linkspan.ChassisID) Leg {
	there, back := d.Counted()
	return Leg{d.Network, d.DestinationNetwork, d.Source, d.Destination, d.Transport, on, d.Outside, numberOf(there), numberOf(back)}
}

func numberOf(p *linkspan.Policy) linkspan.PolicyID {
	if p == nil {
		return 0
	}
	return p.ID
}

// OpeningLegOf returns the direction in which the connection of a packet that d is
// about was opened, on one of the chassis.
func OpeningLegOf(d *decide.Decision, on linkspan.ChassisID) Leg {
	leg := LegOf(d, on)
	if d.Reply {
		return leg.back()
	}
	return leg
}

// AppendUnplug appends the messages that delete every flow of a decision, in
// all tables, that has the key's address at either end and stands under the key's
// network: that of the flow's end on the chassis, which need not be the address's.
func AppendUnplug(b []byte, xid uint32, key view.Key) []byte {
	var m openflow.Match
	sent(m.Reg(regNetwork, uint32(key.Network)), key.Address)
	b = appendDelete(b, xid, m.View(), groupMoved, maskGroup)
	received(m.Reset().Reg(regNetwork, uint32(key.Network)), key.Address)
	return appendDelete(b, xid, m.View(), groupMoved, maskGroup)
}

// AppendUnplugNetwork appends the message that deletes every flow of a
// decision in the network.
func AppendUnplugNetwork(b []byte, xid uint32, id linkspan.NetworkID) []byte {
	var m openflow.Match
	m.Reg(regNetwork, uint32(id))
	return appendDelete(b, xid, m.View(), groupMoved, maskGroup)
}

// AppendUnplugPair appends the messages that delete, on the chassis of here, every
// flow of a decision about the pair that stands under here's network, and what
// denies there to address there, whoever asks.
func AppendUnplugPair(b []byte, xid uint32, here, there view.Key) []byte {
	var m openflow.Match
	for _, way := range [2][2]view.Key{{here, there}, {there, here}} {
		ends(m.Reset().Reg(regNetwork, uint32(here.Network)), way[0].Address, way[1].Address)
		b = appendDelete(b, xid, m.View(), groupMoved, maskGroup)
	}
	received(m.Reset().Reg(regNetwork, uint32(here.Network)), there.Address)
	return appendDelete(b, xid, m.View(), uint64(NewCookie(KindDeny, 0, 0)), maskKind)
}

// AppendUnplugSubnet appends the messages that delete every flow of a decision that
// stands under a network and has an address of another's subnet at either end.
func AppendUnplugSubnet(b []byte, xid uint32, id linkspan.NetworkID, other netip.Prefix) []byte {
	var m openflow.Match
	f := familyOf(other.Addr())
	for _, end := range [2]openflow.Field{f.src, f.dst} {
		m.Reset().Reg(regNetwork, uint32(id)).EthType(f.ethType).Prefix(end, other)
		b = appendDelete(b, xid, m.View(), groupMoved, maskGroup)
	}
	return b
}

// AppendUnplugOutside appends the messages that delete every flow of a decision that is
// about addresses of a prefix alone, wherever it stands.
func AppendUnplugOutside(b []byte, xid uint32, p netip.Prefix) []byte {
	var m openflow.Match
	f := familyOf(p.Addr())
	for _, end := range [2]openflow.Field{f.src, f.dst} {
		m.Reset().EthType(f.ethType).Prefix(end, p)
		b = appendDelete(b, xid, m.View(), groupMoved, maskGroup)
	}
	return b
}

// AppendForgetPrefix appends the messages that delete the flows of denials that are about
// addresses of a prefix alone, wherever they stand.
func AppendForgetPrefix(b []byte, xid uint32, p netip.Prefix) []byte {
	var m openflow.Match
	f := familyOf(p.Addr())
	for _, end := range [2]openflow.Field{f.src, f.dst} {
		m.Reset().EthType(f.ethType).Prefix(end, p)
		b = appendDelete(b, xid, m.View(), uint64(NewCookie(KindDeny, 0, 0)), maskKind)
	}
	return b
}

// AppendForgetNetwork appends the message that deletes the flows of denials that stand
// under a network.
func AppendForgetNetwork(b []byte, xid uint32, id linkspan.NetworkID) []byte {
	var m openflow.Match
	m.Reg(regNetwork, uint32(id))
	return appendDelete(b, xid, m.View(), uint64(NewCookie(KindDeny, 0, 0)), maskKind)
}

// AppendForgetAddress appends the messages that delete the flows of denials that have
// the key's address at either end and stand under the key's network.
func AppendForgetAddress(b []byte, xid uint32, under view.Key) []byte {
	var m openflow.Match
	f := familyOf(under.Address)
	for _, end := range [2]openflow.Field{f.src, f.dst} {
		m.Reset().Reg(regNetwork, uint32(under.Network)).EthType(f.ethType).Addr(end, under.Address)
		b = appendDelete(b, xid, m.View(), uint64(NewCookie(KindDeny, 0, 0)), maskKind)
	}
	return b
}

// AppendForget appends the message that deletes the flows of all denials.
func AppendForget(b []byte, xid uint32) []byte {
	return appendDelete(b, xid, nil, uint64(NewCookie(KindDeny, 0, 0)), maskKind)
}

// AppendExpel appends the message that deletes the static flows of a round.
func AppendExpel(b []byte, xid uint32, r Round) []byte {
	return appendDelete(b, xid, nil, groupFixed|uint64(r)<<40, maskGroup|maskRound)
}

// appendDelete appends a deletion from all tables.
func appendDelete(b []byte, xid uint32, m openflow.MatchView, cookie, mask uint64) []byte {
	mod := openflow.FlowMod{
		Cookie: cookie, CookieMask: mask, Command: openflow.FlowDelete,
		TableID: openflow.TableAll, Match: m,
	}
	return mod.Append(b, xid)
}
