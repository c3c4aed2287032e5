// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"iter"
	"net/netip"
)

// matchTypeOXM is the only match type of OpenFlow 1.3 (spec 7.2.3.1).
const matchTypeOXM = 1

// MatchView is a list of OXMs without the match header and its padding: what
// Match builds and what PacketIn, FlowRemoved and FlowStats decode. Lookups
// walk it and end quietly at a malformed OXM; Check tells.
type MatchView []byte

// Lookup returns value and mask of field f; mask is nil for an exact match.
// The value has f.Len() bytes; fields of more than 124 bytes are not found.
func (v MatchView) Lookup(f Field) (value, mask []byte, ok bool) {
	at, masked := v.find(f)
	if at < 0 {
		return nil, nil, false
	}
	n := f.Len()
	if masked {
		mask = v[at+n : at+2*n : at+2*n]
	}
	return v[at : at+n : at+n], mask, true
}

// maxFieldLen is the length in bytes of the longest value that, with a mask and
// an experimenter id, an OXM has room for.
const maxFieldLen = 124

// find returns where the value of f begins, -1 if there is none. It compares
// whole headers: those that f has without and with a mask.
func (v MatchView) find(f Field) (at int, masked bool) {
	if f.Len() > maxFieldLen {
		return -1, false
	}
	skip := f.headerLen()
	exact := uint32(f) + uint32(skip-4)
	withMask := exact + uint32(f.Len()) | 0x100
	for at := 0; at+4 <= len(v); {
		h := u32(v, at)
		next := at + 4 + int(h&0xff)
		if next > len(v) {
			return -1, false
		}
		if (h == exact || h == withMask) && (skip == 4 || u32(v, at+4) == f.Experimenter()) {
			return at + skip, h == withMask
		}
		at = next
	}
	return -1, false
}

// Uint returns the value of a field of at most 8 bytes, masked or not.
func (v MatchView) Uint(f Field) (uint64, bool) {
	at, _ := v.find(f)
	n := f.Len()
	switch {
	case at < 0 || n > 8:
		return 0, false
	case n == 4:
		return uint64(u32(v, at)), true
	}
	return uintOf(v[at : at+n]), true
}

// Addr returns the value of a field that holds an IPv4 or IPv6 address.
func (v MatchView) Addr(f Field) (netip.Addr, bool) {
	b, _, ok := v.Lookup(f)
	if !ok {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(b)
}

// MAC returns the value of a field that holds an Ethernet address.
func (v MatchView) MAC(f Field) (MAC, bool) {
	b, _, ok := v.Lookup(f)
	if !ok || len(b) != 6 {
		return MAC{}, false
	}
	return MAC(b), true
}

// InPort returns the OpenFlow port number of in_port, 0 when it is missing.
func (v MatchView) InPort() uint32 {
	if len(v) >= 8 && u32(v, 0) == uint32(FieldInPort) {
		return u32(v, 4)
	}
	p, _ := v.Uint(FieldInPort)
	return uint32(p)
}

// All yields the OXMs in order and ends at a malformed one.
func (v MatchView) All() iter.Seq[OXM] {
	return func(yield func(OXM) bool) {
		var o OXM
		for b := []byte(v); len(b) > 0; {
			rest, err := o.Next(b)
			if err != nil || !yield(o) {
				return
			}
			b = rest
		}
	}
}

// Check returns the error of the first malformed OXM.
func (v MatchView) Check() error {
	var o OXM
	for b := []byte(v); len(b) > 0; {
		rest, err := o.Next(b)
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// appendMatch appends the match with its header and padding.
func appendMatch(b []byte, v MatchView) []byte {
	start := len(b)
	b = a16(a16(b, matchTypeOXM), uint16(4+len(v)))
	return pad8(append(b, v...), start)
}

// decodeMatch takes a match with header and padding off b. Whether its OXMs
// are well formed is left to Check: most readers look up a few.
func decodeMatch(b []byte) (MatchView, []byte, error) {
	if len(b) < 8 {
		return nil, nil, ErrTruncated
	}
	n := int(u16(b, 2))
	if n < 4 || u16(b, 0) != matchTypeOXM {
		return nil, nil, ErrLength
	}
	if padded(n) > len(b) {
		return nil, nil, ErrTruncated
	}
	return MatchView(b[4:n:n]), b[padded(n):], nil
}
