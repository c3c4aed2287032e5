// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

func itoa(n uint8) string { return strconv.Itoa(int(n)) }

// ethType returns the Ethernet type behind a tag.
func (w *walk) ethType() uint16 {
	if t := binary.BigEndian.Uint16(w.frame[12:]); t != packet.EtherTypeVLAN || len(w.frame) < 18 {
		return t
	}
	return binary.BigEndian.Uint16(w.frame[16:])
}

// get returns the bytes of a field, in the frame where they are there to be
// set; nil when the frame has no such field.
func (w *walk) get(f openflow.Field) []byte {
	if r := f - openflow.FieldReg0; r>>9 < 16 && r&0x1ff == 0 {
		return w.regs[r>>9][:]
	}
	switch f {
	case openflow.FieldInPort:
		return binary.BigEndian.AppendUint32(nil, w.port)
	case openflow.FieldEthDst:
		return w.frame[0:6]
	case openflow.FieldEthSrc:
		return w.frame[6:12]
	case openflow.FieldEthType:
		return binary.BigEndian.AppendUint16(nil, w.ethType())
	case openflow.FieldVLANTCI:
		if binary.BigEndian.Uint16(w.frame[12:]) == packet.EtherTypeVLAN {
			return binary.BigEndian.AppendUint16(nil, 0x1000|binary.BigEndian.Uint16(w.frame[14:]))
		}
		return []byte{0, 0}
	}
	if w.ethType() == packet.EtherTypeARP && len(w.frame) >= 42 {
		return w.arp(f)
	}
	if w.ethType() == packet.EtherTypeIPv4 && len(w.frame) >= 34 {
		return w.ipv4(f)
	}
	return nil
}

func (w *walk) arp(f openflow.Field) []byte {
	switch f {
	case openflow.FieldARPOp:
		return w.frame[20:22]
	case openflow.FieldARPSHA, openflow.FieldNXMARPSHA:
		return w.frame[22:28]
	case openflow.FieldARPSPA:
		return w.frame[28:32]
	case openflow.FieldARPTHA, openflow.FieldNXMARPTHA:
		return w.frame[32:38]
	case openflow.FieldARPTPA:
		return w.frame[38:42]
	}
	return nil
}

func (w *walk) ipv4(f openflow.Field) []byte {
	switch f {
	case openflow.FieldIPTTL:
		return w.frame[22:23]
	case openflow.FieldIPv4Src:
		return w.frame[26:30]
	case openflow.FieldIPv4Dst:
		return w.frame[30:34]
	}
	return nil
}

// move copies bits between fields of at most 8 bytes.
func (w *walk) move(src, dst openflow.Subfield) {
	from, to := w.get(src.Field), w.get(dst.Field)
	if from == nil || to == nil {
		w.s.trace(fmt.Sprintf("cannot move %s to %s", src, dst))
		return
	}
	mask := uint64(1)<<src.Bits - 1
	bits := number(from) >> src.Ofs & mask
	put(to, number(to)&^(mask<<dst.Ofs)|bits<<dst.Ofs)
}

func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func put(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}

// describe writes a frame as a person would.
func describe(frame []byte) string {
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil && !p.IsIPv4() {
		return "malformed frame"
	}
	switch {
	case p.IsARP():
		return fmt.Sprintf("arp %s asks for %s", p.Src(), p.Dst())
	case !p.IsIPv4():
		return fmt.Sprintf("ethernet type %#04x", p.EtherType())
	}
	what := fmt.Sprintf("protocol %d", p.Proto())
	switch t, ok := p.ICMPType(); {
	case ok && t == packet.ICMPEchoRequest:
		what = "echo request"
	case ok && t == packet.ICMPEchoReply:
		what = "echo reply"
	case ok && t == packet.ICMPTimeExceeded:
		what = "time exceeded"
	case p.Has(packet.LayerUDP):
		what = "udp"
	}
	return fmt.Sprintf("%s > %s %s ttl=%d", p.Src(), p.Dst(), what, p.TTL())
}
