// SPDX-License-Identifier: Apache-2.0

package openflow

// PacketOut has a switch treat a packet (spec 7.3.7). It always carries the
// packet itself: the buffer id is NoBuffer.
type PacketOut struct {
	// InPort is where the packet counts as having come in; PortController when
	// it was made by the controller. It must not be 0.
	InPort  uint32
	Actions Actions
	Data    []byte // from the Ethernet header on
}

// packetOutLen is the length in bytes of the fixed part.
const packetOutLen = 16

// Append appends the message; beyond MaxLen bytes nothing is appended.
func (p *PacketOut) Append(b []byte, xid uint32) []byte {
	start := len(b)
	n := len(p.Actions)
	b = begin(b, TypePacketOut, xid)
	b = append(b, 0xff, 0xff, 0xff, 0xff,
		byte(p.InPort>>24), byte(p.InPort>>16), byte(p.InPort>>8), byte(p.InPort),
		byte(n>>8), byte(n), 0, 0, 0, 0, 0, 0)
	b = append(b, p.Actions...)
	return finish(append(b, p.Data...), start)
}

// Decode reads a PACKET_OUT. Actions and Data become views of m.
func (p *PacketOut) Decode(m Message) error {
	b, err := m.expect(TypePacketOut, packetOutLen)
	if err != nil {
		return err
	}
	n := int(u16(b, 8))
	if n > len(b)-packetOutLen {
		return ErrLength
	}
	acts := b[packetOutLen:]
	p.InPort, p.Actions, p.Data = u32(b, 4), Actions(acts[:n:n]), acts[n:]
	return nil
}
