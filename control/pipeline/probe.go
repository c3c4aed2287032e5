// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ProbeSeconds is how long the flows of a probe stay when nobody takes them away.
const ProbeSeconds = 10

// Mark is how flows tell the packet of a probe from others between its ends: by the
// time to live or hop limit, which no sender begins with, and where there are ports by the source
// port, else by the code point. As the switches count it down, the datapath's cache
// has no flow for a time to live that was not seen before: the packet is sure to meet
// flows that have just come.
type Mark struct {
	Source, Destination         netip.Addr
	Protocol                    uint8
	SourcePort, DestinationPort uint16 // of protocols that have ports
	DSCP                        uint8  // of the others
	TTL                         uint8  // as it is injected
}

// Watch follows the packet of a probe through the tables of a chassis: the packet
// takes the flows that any other would take, and what has become of it then comes
// up. Other packets do not meet these flows.
type Watch struct {
	Probe uint64 // 40 bits
	Mark  Mark
	In    uint32 // where the packet comes in: a port of an endpoint, or between chassis
	// Hold is the port by which the packet does not leave: that of the container that
	// is not to see it. 0: there is none here.
	Hold uint32
}

// AppendWatch appends the messages that plug the flows of a watch. To each of the
// two tables in which a packet's way is decided comes a flow that is asked before
// all others: it has the table searched anew without itself, so that the packet takes
// the flow that is for it, and sends up what that made of it.
//
// A port by which a packet is not to leave is said to be that by which it came in:
// there Open vSwitch outputs nothing (ovs-actions(7), output). Flows are searched for
// with the port where it really came in.
func AppendWatch(b []byte, xid uint32, w *Watch) []byte {
	first, second := w.tables()
	b = w.append(b, xid, first, false)
	return w.append(b, xid, second, true)
}

// tables returns where the way of a packet is decided, before and behind connection
// tracking.
func (w *Watch) tables() (first, second uint8) {
	if between(w.In) {
		return tableDeliver, tableArrived
	}
	return tableRoute, tableTracked
}

// ttl returns the time to live that the packet has here: each chassis that it left has
// taken one.
func (w *Watch) ttl() uint8 {
	if between(w.In) {
		return w.Mark.TTL - 1
	}
	return w.Mark.TTL
}

// between says whether a port leads to other chassis.
func between(port uint32) bool { return port == linkspan.TunnelPort || port == linkspan.DirectPort }

func (w *Watch) append(b []byte, xid uint32, table uint8, behind bool) []byte {
	var m openflow.Match
	acts := openflow.Actions(nil)
	if behind {
		m.Reg(regProbe, w.In).Reg(regTwice, 0)
		acts = acts.Load(openflow.Reg(regTwice).All(), 1)
	} else {
		m.InPort(w.In).Reg(regProbe, 0)
		acts = acts.Load(openflow.Reg(regProbe).All(), uint64(w.In))
		if w.Hold != 0 {
			acts = acts.Load(openflow.FieldNXMInPort.All(), uint64(w.Hold))
		}
	}
	w.Mark.match(&m, w.ttl())
	acts = acts.ResubmitTable(w.In, table).Output(openflow.PortController, openflow.MaxLenNoBuffer)
	mod := openflow.FlowMod{
		Cookie: uint64(NewCookie(KindProbe, Round(table), w.Probe)), Command: openflow.FlowAdd,
		TableID: table, Priority: priorityProbe, HardTimeout: ProbeSeconds,
		Match: m.View(), Instructions: apply(acts),
	}
	return mod.Append(b, xid)
}

// match fills m with the mark, of a packet that has that time to live left.
func (k *Mark) match(m *openflow.Match, ttl uint8) {
	ends(m, k.Source, k.Destination).IPProto(k.Protocol).IPTTL(ttl)
	switch k.Protocol {
	case decide.ProtocolTCP:
		m.TCPSrc(k.SourcePort).TCPDst(k.DestinationPort)
	case decide.ProtocolUDP:
		m.UDPSrc(k.SourcePort).UDPDst(k.DestinationPort)
	case decide.ProtocolSCTP:
		m.SCTPSrc(k.SourcePort).SCTPDst(k.DestinationPort)
	default:
		m.Uint(openflow.FieldIPDSCP, uint64(k.DSCP))
	}
}

// AppendUnwatch appends the message that deletes all flows of a probe.
func AppendUnwatch(b []byte, xid uint32, probe uint64) []byte {
	return appendDelete(b, xid, nil, uint64(NewCookie(KindProbe, 0, probe)), maskKind|maskObject)
}

// AppendForgetProbe appends the messages after which the connection that the packet
// of a probe has opened is not known any more on the leg's chassis. echo is the
// identifier of an echo request. One of IPv6 is left to time out, as no message may
// name it: see spelled.
func AppendForgetProbe(b []byte, xid uint32, leg *Leg, k *Mark, echo uint16) []byte {
	f := openflow.CTFlush{
		Proto: k.Protocol, Zone: leg.zone(), HasZone: true,
		Orig: openflow.CTTuple{Src: k.Source, Dst: k.Destination, SrcPort: k.SourcePort, DstPort: k.DestinationPort},
	}
	switch k.Protocol {
	case decide.ProtocolICMPv6:
		return b
	case decide.ProtocolICMP:
		const request = 8 // RFC 792
		f.Orig.ICMPID, f.Orig.ICMPType = echo, request
		f.Orig.SrcPort, f.Orig.DstPort = 0, 0
	}
	return f.Append(b, xid)
}

// Watched reads a PacketIn: that of a watch says which table the packet was in. ok is
// false for any other.
func Watched(in *openflow.PacketIn) (probe uint64, table uint8, ok bool) {
	c := Cookie(in.Cookie)
	return c.Object(), uint8(c.Round()), c.Kind() == KindProbe
}

// ProbeOrigin fills in p, for a probe's packet that comes up as any other would, where
// it really came in.
func ProbeOrigin(m openflow.MatchView, p *decide.Packet) {
	port, ok := m.Uint(openflow.Reg(regProbe))
	if !ok {
		return
	}
	p.Port, p.Sender = uint32(port), 0
	if p.Arrived() {
		sender, _ := m.Uint(openflow.Reg(regSender))
		p.Sender = linkspan.ChassisID(sender)
	}
}

// Behind says whether a table of Watched is one behind connection tracking.
func Behind(table uint8) bool { return Inspected(table) }

// TableName returns what people call a table.
func TableName(table uint8) string { return tableNames[table] }

// Departure says where a frame goes by its addresses: to another chassis, by which
// transport. ok is false when it does not.
func Departure(dst linkspan.MAC) (to linkspan.ChassisID, by linkspan.Transport, ok bool) {
	id := linkspan.ChassisID(dst[4])<<8 | linkspan.ChassisID(dst[5])
	switch dst {
	case id.TunnelMAC():
		return id, linkspan.Tunnel, true
	case id.DirectMAC():
		return id, linkspan.Direct, true
	}
	return 0, "", false
}
