// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Host is a sender or receiver behind a port of a switch.
type Host struct {
	Addr netip.Addr // IPv4
	MAC  openflow.MAC
	Port uint32
}

// Question is a packet that a switch sends up, and what must come back: the
// flows on the asking switch and on the far one, and the packet. It comes to the
// asking switch after all flows, or to the far one after its flows.
type Question struct {
	From, To Host
	Via      openflow.MAC // where the packet is sent on its link; zero is To.MAC
	Flows    []Flow       // on the asking switch
	Far      *Switch      // nil when only one switch is concerned
	FarFlows []Flow
	FarIn    uint32 // port that a PacketOut to the far switch's tables must come in by
	Out      uint32 // port that the PacketOut must name
}

// Flow is what a FlowMod must say: the addresses and where to.
type Flow struct {
	From, To Host
	Out      uint32
	Network  uint32 // must be matched in register 0; 0 asks for nothing
	Link     bool   // the Ethernet addresses must be matched, too
}

// maxQuestions is how many questions one switch can have: a tag has 16 bits for
// the number.
const maxQuestions = 1 << 16

// Bits of a question's state. The lowest bits are the flows that came.
const (
	stateOpen   uint32 = 1 << 31 // asked and not answered
	stateMissed uint32 = 1 << 30 // asked and given up
	statePacket uint32 = 1 << 29 // the far switch got the packet
	maxFlows           = 16      // of a question, near and far together
)
