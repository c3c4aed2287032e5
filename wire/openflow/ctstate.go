// SPDX-License-Identifier: Apache-2.0

package openflow

// CTState is a set of the bits of field ct_state (ovs-fields(7)).
type CTState uint32

// The bits of ct_state.
const (
	CTNew         CTState = 1 << iota // begins a connection
	CTEstablished                     // of a connection seen both ways or committed
	CTRelated                         // of another connection, an ICMP error for example
	CTReply                           // against the connection's first direction
	CTInvalid                         // could not be placed
	CTTracked                         // has been through ct
	CTSNAT                            // its source is translated
	CTDNAT                            // its destination is translated
)

var ctStateNames = [...]string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}

// CTState matches those bits of ct_state that mask has: CTState(CTTracked|
// CTEstablished, CTTracked|CTEstablished|CTInvalid) is +trk+est-inv.
func (m *Match) CTState(value, mask CTState) *Match {
	return m.UintMasked(FieldCTState, uint64(value), uint64(mask))
}

// appendCTState appends the form +trk+est-inv.
func appendCTState(b []byte, value, mask CTState) []byte {
	for i, name := range ctStateNames {
		bit := CTState(1) << i
		switch {
		case mask&bit == 0:
			continue
		case value&bit != 0:
			b = append(b, '+')
		default:
			b = append(b, '-')
		}
		b = append(b, name...)
	}
	return b
}
