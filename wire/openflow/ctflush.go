// SPDX-License-Identifier: Apache-2.0

package openflow

import "net/netip"

// ctFlushType is the Nicira subtype of CTFlush.
const ctFlushType = 32

// The properties of NXT_CT_FLUSH and of the tuples nested in it.
const (
	ctFlushOrig = iota
	ctFlushReply
	ctFlushZone
)

const (
	ctTupleSrc = iota
	ctTupleDst
	ctTupleSrcPort
	ctTupleDstPort
	ctTupleICMPID
	ctTupleICMPType
	ctTupleICMPCode
)

// CTTuple selects connections by one direction. Zero fields select nothing;
// ports of TCP, UDP and SCTP need Proto, and so does ICMP. With Proto of ICMP the
// identifier, type and code must all agree, also when they are 0.
type CTTuple struct {
	Src, Dst           netip.Addr
	SrcPort, DstPort   uint16
	ICMPID             uint16
	ICMPType, ICMPCode uint8
}

// CTFlush deletes conntrack entries of the datapath: Open vSwitch's extension
// NXT_CT_FLUSH, since 3.1. An entry goes when it agrees with every field that
// is set; a CTFlush with none empties the datapath's table.
type CTFlush struct {
	Proto uint8   // IP protocol, 0 for any
	Orig  CTTuple // direction of the packet that began the connection
	Reply CTTuple // the other direction
	Zone  uint16  // used if HasZone
	// HasZone confines the flush to Zone.
	HasZone bool
}

// Append appends the message.
func (f *CTFlush) Append(b []byte, xid uint32) []byte {
	start := len(b)
	b = beginExperimenter(b, xid, Nicira, ctFlushType)
	b = appendZero(append(b, f.Proto), 7)
	b = f.Orig.append(b, ctFlushOrig)
	b = f.Reply.append(b, ctFlushReply)
	if f.HasZone {
		b = append(b, 0, ctFlushZone, 0, 8, byte(f.Zone>>8), byte(f.Zone), 0, 0)
	}
	return finish(b, start)
}

// append appends the tuple as a property whose own properties are its fields.
func (t *CTTuple) append(b []byte, kind byte) []byte {
	if *t == (CTTuple{}) {
		return b
	}
	start := len(b)
	b = appendZero(append(b, 0, kind, 0, 0), 4)
	b = appendTupleAddr(b, ctTupleSrc, t.Src)
	b = appendTupleAddr(b, ctTupleDst, t.Dst)
	b = appendTuplePort(b, ctTupleSrcPort, t.SrcPort)
	b = appendTuplePort(b, ctTupleDstPort, t.DstPort)
	b = appendTuplePort(b, ctTupleICMPID, t.ICMPID)
	b = appendTupleByte(b, ctTupleICMPType, t.ICMPType)
	b = appendTupleByte(b, ctTupleICMPCode, t.ICMPCode)
	put16(b, start+2, uint16(len(b)-start))
	return b
}

// appendTupleAddr appends an address as IPv6, IPv4 addresses mapped into it.
func appendTupleAddr(b []byte, kind byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	v := a.As16()
	b = append(append(b, 0, kind, 0, 20), v[:]...)
	return appendZero(b, 4)
}

// appendTuplePort appends a port unless it is 0.
func appendTuplePort(b []byte, kind byte, p uint16) []byte {
	if p == 0 {
		return b
	}
	return append(b, 0, kind, 0, 8, byte(p>>8), byte(p), 0, 0)
}

// appendTupleByte appends a property of one byte unless it is 0.
func appendTupleByte(b []byte, kind, v byte) []byte {
	if v == 0 {
		return b
	}
	return append(b, 0, kind, 0, 5, v, 0, 0, 0)
}

// Decode reads the message, as a switch does.
func (f *CTFlush) Decode(m Message) error {
	b, err := m.expectExperimenter(Nicira, ctFlushType, 8)
	if err != nil {
		return err
	}
	*f = CTFlush{Proto: b[0]}
	for b = b[8:]; len(b) > 0; {
		kind, v, rest, err := nextProperty(b)
		if err != nil {
			return err
		}
		switch {
		case kind == ctFlushOrig:
			err = f.Orig.decode(v)
		case kind == ctFlushReply:
			err = f.Reply.decode(v)
		case kind == ctFlushZone && len(v) >= 2:
			f.Zone, f.HasZone = u16(v, 0), true
		}
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// decode reads the fields of a tuple: 4 bytes of padding and properties.
func (t *CTTuple) decode(b []byte) error {
	if len(b) < 4 {
		return ErrTruncated
	}
	for b = b[4:]; len(b) > 0; {
		kind, v, rest, err := nextProperty(b)
		if err != nil {
			return err
		}
		switch {
		case kind == ctTupleSrc && len(v) >= 16:
			t.Src = netip.AddrFrom16([16]byte(v)).Unmap()
		case kind == ctTupleDst && len(v) >= 16:
			t.Dst = netip.AddrFrom16([16]byte(v)).Unmap()
		case kind == ctTupleSrcPort && len(v) >= 2:
			t.SrcPort = u16(v, 0)
		case kind == ctTupleDstPort && len(v) >= 2:
			t.DstPort = u16(v, 0)
		case kind == ctTupleICMPID && len(v) >= 2:
			t.ICMPID = u16(v, 0)
		case kind == ctTupleICMPType && len(v) >= 1:
			t.ICMPType = v[0]
		case kind == ctTupleICMPCode && len(v) >= 1:
			t.ICMPCode = v[0]
		}
		b = rest
	}
	return nil
}

// nextProperty takes a property off b: 16 bits each of type and length, the
// value, and padding to 8 bytes that its length does not count.
func nextProperty(b []byte) (kind uint16, value, rest []byte, err error) {
	if len(b) < 4 {
		return 0, nil, nil, ErrTruncated
	}
	n := int(u16(b, 2))
	switch {
	case n < 4:
		return 0, nil, nil, ErrLength
	case padded(n) > len(b):
		return 0, nil, nil, ErrTruncated
	}
	return u16(b, 0), b[4:n:n], b[padded(n):], nil
}
