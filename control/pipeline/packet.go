// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Origin fills in p what the registers of a PacketIn say: port, network and
// sender. It returns false for a packet that no flow of this package sends.
func Origin(m openflow.MatchView, p *decide.Packet) bool {
	p.Port = m.InPort()
	network, ok := m.Uint(openflow.Reg(regNetwork))
	p.Network = linkspan.NetworkID(network)
	p.Sender = 0
	if p.Arrived() {
		sender, _ := m.Uint(openflow.Reg(regSender))
		p.Sender = linkspan.ChassisID(sender)
	}
	return ok && p.Port != 0
}

// AppendDeliver appends the message that sends a packet on its way along a
// leg: what the leg's flow would do with it.
func AppendDeliver(b []byte, xid uint32, l *Leg, inPort uint32, data []byte) []byte {
	var acts [legActions]byte
	out := openflow.PacketOut{InPort: inPort, Actions: l.Actions(acts[:0]), Data: data}
	return out.Append(b, xid)
}

// AppendCarry appends the message for the chassis to which a leg leads, by which
// a packet takes its tables as if it had come along that leg.
func AppendCarry(b []byte, xid uint32, l *Leg, data []byte) []byte {
	var acts [legActions]byte
	src, dst, port := l.leave()
	out := openflow.PacketOut{
		InPort: port, Data: data, // a transport has the same port number on every chassis
		Actions: openflow.Actions(acts[:0]).DecTTL().SetMAC(openflow.FieldEthSrc, src).
			SetMAC(openflow.FieldEthDst, dst).Output(openflow.PortTable, 0),
	}
	return out.Append(b, xid)
}

// AppendEmit appends the message that sends a packet made here to a port.
func AppendEmit(b []byte, xid uint32, port uint32, data []byte) []byte {
	var acts [16]byte
	out := openflow.PacketOut{
		InPort: openflow.PortController, Data: data,
		Actions: openflow.Actions(acts[:0]).Output(port, 0),
	}
	return out.Append(b, xid)
}
