// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// Sent is a packet to be sent by an endpoint.
type Sent struct {
	Protocol uint8  // TCP, UDP or ICMP: an echo request, whose identifier is Src
	Src, Dst uint16 // ports
	Flags    uint8  // of TCP
	Reply    bool   // of an echo
}

// frame makes the frame.
func (s *Sent) frame(h *packet.Head) []byte {
	switch s.Protocol {
	case decide.ProtocolTCP:
		return packet.AppendTCP(nil, h, &packet.TCP{SrcPort: s.Src, DstPort: s.Dst, Flags: s.Flags, Window: 1000}, nil)
	case decide.ProtocolUDP:
		return packet.AppendUDP(nil, h, s.Src, s.Dst, []byte("linkspan"))
	}
	return packet.AppendEcho(nil, h, s.Reply, s.Src, 1, nil)
}

// Send has an endpoint send a packet to another, and gives it the time to arrive.
func (f *Fabric) Send(from, to view.Key, s Sent) {
	f.SendHead(from, to, s, func(*packet.Head) {})
}

// SendHead is Send with the header changed before.
func (f *Fabric) SendHead(from, to view.Key, s Sent, change func(*packet.Head)) {
	e := f.Hub.View().Endpoint(from)
	if e == nil || !e.Attached() {
		return
	}
	head := packet.Head{EthSrc: e.MAC, EthDst: pipeline.RouterMAC(), Src: from.Address, Dst: to.Address, TTL: 64}
	change(&head)
	f.Switch(e.Chassis).Inject(e.Out(), s.frame(&head))
	f.Settle()
}
