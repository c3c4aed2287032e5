// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Part says which packets of a tracked pair a flow is for.
type Part uint8

// The parts. Those of a class follow the connection and not the packet: a flow
// matches protocol and ports of the packet that opened the connection, whichever
// way this packet goes. So ICMP errors are of their class too, and go with it.
//
// Those of later fragments are there because the userspace datapath tracks packets
// whole and forwards their fragments, but keeps the ports from the later ones. They
// are for all classes: without its first fragment, which is of its class, a packet
// does not arrive. The kernel's datapath has no fragments between tracking and output.
const (
	Whole      Part = iota // all packets: a plain route, or what hands them to connection tracking
	Opens                  // those that begin a connection of the class, or are not answered yet
	Goes                   // the others in the direction in which it was opened
	Replies                // those in the other direction
	LaterNew               // later fragments of what begins a connection, or is not answered yet
	LaterKnown             // other later fragments
	Strays                 // segments of TCP that open no connection and are of none: see AppendStrays
)

// The bits of ct_state that tell the parts apart.
const (
	ctTracked = openflow.CTTracked
	ctInvalid = openflow.CTTracked | openflow.CTInvalid
	ctReply   = openflow.CTTracked | openflow.CTReply
	ctPlaced  = openflow.CTTracked | openflow.CTReply | openflow.CTInvalid // to be looked at, at least
)

// states are value and mask of ct_state for each part but Whole.
var states = [...]struct{ value, mask openflow.CTState }{
	Opens:   {ctTracked | openflow.CTNew, ctPlaced | openflow.CTNew},
	Goes:    {ctTracked, ctPlaced | openflow.CTNew},
	Replies: {ctReply, ctPlaced},

	LaterNew:   {ctTracked | openflow.CTNew, ctInvalid | openflow.CTNew},
	LaterKnown: {ctTracked, ctInvalid | openflow.CTNew},
}

// later is the value of ip_frag for later fragments, and its mask.
const later = 3

// ofClass says whether flows of the part are for one class.
func (p Part) ofClass() bool { return p == Opens || p == Goes || p == Replies }

// matchClass adds to m that connections are of the class.
func matchClass(m *openflow.Match, c decide.Class) {
	if c.Protocol == 0 {
		return
	}
	m.CTProto(c.Protocol)
	if linkspan.Typed(c.Protocol) {
		m.CTPortSrc(c.Port, c.Mask())
		return
	}
	m.CTPortDst(c.Port, c.Mask())
}

// partOf reads from a match what states and matchClass made.
func partOf(m openflow.MatchView) (p Part, c decide.Class, ok bool) {
	value, mask, has := m.Lookup(openflow.FieldCTState)
	if !has || mask == nil {
		return 0, c, false
	}
	v, k := openflow.CTState(number(value)), openflow.CTState(number(mask))
	for i := Opens; i <= LaterKnown; i++ {
		if states[i].value == v && states[i].mask == k {
			p = i
		}
	}
	c, ok = classOf(m)
	frag, fragMask, isFrag := m.Lookup(openflow.FieldIPFrag)
	if isFrag {
		ok = ok && c == decide.Class{} && fragMask != nil && frag[0] == later && fragMask[0] == later
	}
	return p, c, ok && p != Whole && isFrag != p.ofClass()
}

// classOf reads what matchClass made.
func classOf(m openflow.MatchView) (c decide.Class, ok bool) {
	protocol, has := m.Uint(openflow.FieldCTProto)
	if !has {
		return c, true
	}
	c.Protocol = uint8(protocol)
	field := openflow.FieldCTPortDst
	if linkspan.Typed(c.Protocol) {
		field = openflow.FieldCTPortSrc
	}
	if port, mask, has := m.Lookup(field); has {
		c = decide.BlockOf(c.Protocol, uint16(number(port)), blockBits(mask))
		if mask != nil && c.Mask() != uint16(number(mask)) {
			return c, false
		}
	}
	return c, c.Protocol != 0 && c.Valid()
}

// blockBits returns how many leading bits a mask of 16 bits has; nil has all.
func blockBits(mask []byte) (n uint8) {
	if mask == nil {
		return 16
	}
	for m := uint16(number(mask)); m&0x8000 != 0; m <<= 1 {
		n++
	}
	return n
}

// number reads a field in network order.
func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}
