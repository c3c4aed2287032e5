// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// AppendDeny appends the message that drops packets like p for DenySeconds, on
// the chassis that it came from. The flow matches what d rests on and no more.
func AppendDeny(b []byte, xid uint32, r Round, p *decide.Packet, d *decide.Decision) []byte {
	var m openflow.Match
	table := tableRoute
	m.Reg(regNetwork, uint32(p.Network))
	if p.Arrived() {
		table = tableDeliver
		m.Reg(regSender, uint32(p.Sender))
	}
	m.EthType(ethIPv4)
	if d.BySource {
		m.IPv4Src(p.Source)
	}
	if d.ByDestination {
		m.IPv4Dst(p.Destination)
	}
	mod := openflow.FlowMod{
		Cookie: uint64(NewCookie(KindDeny, r, uint64(p.Network))), Command: openflow.FlowAdd,
		TableID: table, Priority: priorityDeny, HardTimeout: DenySeconds,
		Match: m.View(),
	}
	return mod.Append(b, xid)
}
