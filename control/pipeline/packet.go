// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"errors"

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

// Connection fills in c what a PacketIn says of the packet's connection. placed is
// false where connection tracking did not look at the packet: then c stays as it
// is. It returns an error where it did and does not say of which connection the
// packet is, so that no flow of a class would take it.
func Connection(m openflow.MatchView, c *decide.Connection) (placed bool, err error) {
	bits, _ := m.Uint(openflow.FieldCTState)
	state := openflow.CTState(bits)
	if state&openflow.CTTracked == 0 {
		return false, nil
	}
	protocol, ok := m.Uint(openflow.FieldCTProto)
	if !ok || state&openflow.CTInvalid != 0 {
		return true, errUnplaced
	}
	src, _ := m.Uint(openflow.FieldCTPortSrc)
	dst, _ := m.Uint(openflow.FieldCTPortDst)
	*c = decide.Connection{
		Protocol: uint8(protocol), SourcePort: uint16(src), DestinationPort: uint16(dst), Tracked: true,
		Reply: state&openflow.CTReply != 0, Begins: state&openflow.CTNew != 0,
	}
	if linkspan.Typed(c.Protocol) {
		c.ICMPType, c.SourcePort, c.DestinationPort = uint8(src), 0, 0
	}
	return true, nil
}

// errUnplaced is never changed.
var errUnplaced = errors.New("connection tracking does not say of which connection the packet is")

// AppendPass appends the message that sends a packet of a tracked pair, which
// connection tracking has looked at, on its way along a leg: what the flow of its
// class would do with it. opens says that it opens a connection, which is to be
// known from now on.
func AppendPass(b []byte, xid uint32, l *Leg, opens bool, inPort uint32, data []byte) []byte {
	var acts [legActions]byte
	out := openflow.PacketOut{InPort: inPort, Actions: l.through(acts[:0], opens), Data: data}
	return out.Append(b, xid)
}

// AppendRetry appends the message by which a packet of a leg takes the tables once more,
// from the port where it came in. One from the host's stack gets back the addresses
// that the first table knows it by.
func AppendRetry(b []byte, xid uint32, l *Leg, inPort uint32, data []byte) []byte {
	var room [16 + 2*24]byte
	acts := openflow.Actions(room[:0])
	if l.From.Outside() {
		f := familyOf(l.To.Address)
		acts = acts.SetAddr(f.dst, passAddr(&f, l.To.Port))
		if l.Network.IsGateway(l.From.Address) {
			acts = acts.SetAddr(f.src, linkspan.GatewayHostTo(l.From.Address))
		}
	}
	out := openflow.PacketOut{InPort: inPort, Actions: acts.Output(openflow.PortTable, 0), Data: data}
	return out.Append(b, xid)
}

// AppendIn appends the message by which a packet takes the tables as if it had come in
// by a port.
func AppendIn(b []byte, xid uint32, inPort uint32, data []byte) []byte {
	var acts [16]byte
	out := openflow.PacketOut{InPort: inPort, Actions: openflow.Actions(acts[:0]).Output(openflow.PortTable, 0), Data: data}
	return out.Append(b, xid)
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
