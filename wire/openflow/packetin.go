// SPDX-License-Identifier: Apache-2.0

package openflow

// PacketInReason says why a packet came to the controller (spec 7.4.1).
type PacketInReason uint8

// The reasons of OpenFlow 1.3.
const (
	ReasonNoMatch    PacketInReason = iota // a table-miss flow
	ReasonAction                           // an output to the controller
	ReasonInvalidTTL                       // its TTL would have become 0
)

var packetInReasons = [...]string{"no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"}

// String returns the name that ovs-ofctl gives the reason.
func (r PacketInReason) String() string { return nameOf(packetInReasons[:], int(r)) }

// PacketIn is a packet that a switch sent up (spec 7.4.1).
type PacketIn struct {
	BufferID uint32
	TotalLen uint16 // length of the packet in bytes; Data may be shorter
	Reason   PacketInReason
	TableID  uint8
	Cookie   uint64    // of the flow that sent it, all ones when none did
	Match    MatchView // in_port, registers, tunnel key and the like
	Data     []byte    // the packet from its Ethernet header on
}

// packetInLen is the length in bytes of the fixed part.
const packetInLen = 16

// Decode reads a PACKET_IN. Match and Data become views of m.
func (p *PacketIn) Decode(m Message) error {
	b, err := m.expect(TypePacketIn, packetInLen)
	if err != nil {
		return err
	}
	match, b2, err := decodeMatch(b[packetInLen:])
	if err != nil {
		return err
	}
	if len(b2) < 2 {
		return ErrTruncated
	}
	p.BufferID, p.TotalLen = u32(b, 0), u16(b, 4)
	p.Reason, p.TableID = PacketInReason(b[6]), b[7]
	p.Cookie = u64(b, 8)
	p.Match, p.Data = match, b2[2:]
	return nil
}

// Append appends the message, as a switch does.
func (p *PacketIn) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = begin(b, TypePacketIn, xid)
	b = a16(a32(b, p.BufferID), p.TotalLen)
	b = a64(append(b, byte(p.Reason), p.TableID), p.Cookie)
	b = append(appendMatch(b, p.Match), 0, 0)
	return finish(append(b, p.Data...), start)
}
