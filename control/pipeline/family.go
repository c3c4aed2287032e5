// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
)

// family is what flows of IPv4 or IPv6 match packets by.
type family struct {
	ethType  uint16
	src, dst openflow.Field
}

// families are both.
var families = [...]family{
	{ethIPv4, openflow.FieldIPv4Src, openflow.FieldIPv4Dst},
	{ethIPv6, openflow.FieldIPv6Src, openflow.FieldIPv6Dst},
}

// familyOf returns that of an address.
func familyOf(a netip.Addr) family {
	if a.Is4() {
		return families[0]
	}
	return families[1]
}

// ends matches packets of an address's family, and at both ends.
func ends(m *openflow.Match, src, dst netip.Addr) *openflow.Match {
	f := familyOf(src)
	return m.EthType(f.ethType).Addr(f.src, src).Addr(f.dst, dst)
}

// within matches packets of a prefix's family from there to another.
func within(m *openflow.Match, src, dst netip.Prefix) *openflow.Match {
	f := familyOf(src.Addr())
	return m.EthType(f.ethType).Prefix(f.src, src).Prefix(f.dst, dst)
}

// sent and received match packets from an address, and to it.
func sent(m *openflow.Match, a netip.Addr) *openflow.Match {
	f := familyOf(a)
	return m.EthType(f.ethType).Addr(f.src, a)
}

func received(m *openflow.Match, a netip.Addr) *openflow.Match {
	f := familyOf(a)
	return m.EthType(f.ethType).Addr(f.dst, a)
}

// addrs reads from a match what ends made, or sent or received; ok says that both are
// there.
func addrs(m openflow.MatchView) (src, dst netip.Addr, ok bool) {
	for _, f := range families {
		src, hasSrc := m.Addr(f.src)
		dst, hasDst := m.Addr(f.dst)
		if hasSrc || hasDst {
			return src, dst, hasSrc && hasDst
		}
	}
	return src, dst, false
}
