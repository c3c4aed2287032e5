// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"math/bits"
	"net/netip"
	"strconv"
)

// form is how people write the value of a field.
type form uint8

const (
	formHex form = iota
	formDec
	formPort
	formMAC
	formAddr
)

// form returns the form of the field's values.
func (f Field) form() form {
	i, _ := f.info()
	return i.form
}

// appendValue appends a value of field f as ovs-ofctl writes it.
func appendValue(b []byte, f Field, v []byte) []byte {
	switch k := f.form(); {
	case k == formMAC && len(v) == 6:
		return appendMAC(b, v)
	case k == formAddr && len(v) == f.Len():
		a, _ := netip.AddrFromSlice(v)
		return a.AppendTo(b)
	case k == formPort && len(v) == 4:
		return appendPort(b, u32(v, 0))
	case k == formDec && len(v) <= 8, k == formPort && len(v) <= 8:
		return strconv.AppendUint(b, uintOf(v), 10)
	}
	return appendHex(b, v)
}

// appendMasked appends value and mask; an address's mask as a prefix length
// where it is one.
func appendMasked(b []byte, f Field, v, mask []byte) []byte {
	if mask == nil {
		return appendValue(b, f, v)
	}
	if f.form() == formDec { // under a mask it is bits and no number
		return appendHex(append(appendHex(b, v), '/'), mask)
	}
	b = append(appendValue(b, f, v), '/')
	if n, ok := prefixLen(mask); ok && f.form() == formAddr {
		return strconv.AppendInt(b, int64(n), 10)
	}
	if f.form() == formPort {
		return appendHex(b, mask)
	}
	return appendValue(b, f, mask)
}

// prefixLen returns how many bits are set if they are the first ones.
func prefixLen(mask []byte) (n int, ok bool) {
	i := 0
	for i < len(mask) && mask[i] == 0xff {
		i++
	}
	n = 8 * i
	if i < len(mask) && mask[i] != 0 {
		lead := bits.LeadingZeros8(^mask[i])
		if mask[i]<<lead != 0 {
			return 0, false
		}
		n += lead
		i++
	}
	for ; i < len(mask); i++ {
		if mask[i] != 0 {
			return 0, false
		}
	}
	return n, true
}

// appendHex appends a number of any length without leading zeros.
func appendHex(b, v []byte) []byte {
	for len(v) > 1 && v[0] == 0 {
		v = v[1:]
	}
	if len(v) == 0 {
		return append(b, '0')
	}
	if len(v) <= 8 {
		return strconv.AppendUint(append(b, "0x"...), uintOf(v), 16)
	}
	b = strconv.AppendUint(append(b, "0x"...), uint64(v[0]), 16)
	return hex.AppendEncode(b, v[1:])
}

// appendMAC appends six bytes with colons.
func appendMAC(b, v []byte) []byte {
	for i, c := range v {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return b
}

// portNames are the reserved ports from PortInPort on.
var portNames = [...]string{"IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "LOCAL", "ANY"}

// appendPort appends a port number, or the name of a reserved one.
func appendPort(b []byte, p uint32) []byte {
	if p >= PortInPort {
		return append(b, portNames[p-PortInPort]...)
	}
	return strconv.AppendUint(b, uint64(p), 10)
}
