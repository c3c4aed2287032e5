// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// translate adds the maps of published ports and the chains that use them. It
// returns the sets of the ports that routed networks publish, by family.
func (b builder) translate(ports []binding) (open [2]*nftables.Set, err error) {
	chains := []*nftables.Chain{
		b.base("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest),
		b.base("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest),
	}
	for family := range open {
		here, everywhere := b.portMap("here", family, true), b.portMap("ports", family, false)
		open[family] = &nftables.Set{Table: b.table, Name: openName(family), Concatenation: true,
			KeyType: nftables.MustConcatSetType(layoutOf(family).kind, nftables.TypeInetProto, nftables.TypeInetService)}
		var at, all, routed []nftables.SetElement
		for _, p := range ports {
			switch {
			case familyOf(p.container.Addr()) != family:
			case p.routed:
				routed = append(routed, nftables.SetElement{Key: key(p.container.Addr(), p.proto, p.container.Port())})
			case p.host.Addr().IsUnspecified():
				all = append(all, nftables.SetElement{Key: key(netip.Addr{}, p.proto, p.host.Port()), Val: value(p.container)})
			default:
				at = append(at, nftables.SetElement{Key: key(p.host.Addr(), p.proto, p.host.Port()), Val: value(p.container)})
			}
		}
		for set, elements := range map[*nftables.Set][]nftables.SetElement{here: at, everywhere: all, open[family]: routed} {
			if err := b.conn.AddSet(set, elements); err != nil {
				return open, err
			}
		}
		for _, c := range chains {
			b.rule(c, ofFamily(family), toThisHost(), portKey(family, true), send(family, here))
			b.rule(c, ofFamily(family), toThisHost(), portKey(family, false), send(family, everywhere))
		}
	}
	return open, nil
}

// openName is the set of ports of routed networks that are open.
func openName(family int) string { return fmt.Sprintf("open%d", 4+2*family) }

// portMap is a map to containers' addresses and ports.
func (b builder) portMap(name string, family int, address bool) *nftables.Set {
	kind := layoutOf(family).kind
	keys := []nftables.SetDatatype{nftables.TypeInetProto, nftables.TypeInetService}
	if address {
		keys = append([]nftables.SetDatatype{kind}, keys...)
	}
	return &nftables.Set{Table: b.table, Name: fmt.Sprintf("%s%d", name, 4+2*family), IsMap: true, Concatenation: true,
		KeyType: nftables.MustConcatSetType(keys...), DataType: nftables.MustConcatSetType(kind, nftables.TypeInetService)}
}

// send looks up the key of portKey and translates to what it finds.
func send(family int, set *nftables.Set) []expr.Any {
	l := layoutOf(family)
	return []expr.Any{
		&expr.Lookup{SourceRegister: register, DestRegister: register, IsDestRegSet: true, SetName: set.Name, SetID: set.ID},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: uint32(l.proto), RegAddrMin: register, RegProtoMin: register + l.bytes/registerSize, Specified: true},
	}
}

// key and value lay fields out as registers are: each begins a new one.
func key(address netip.Addr, proto uint8, port uint16) []byte {
	k := append(address.AsSlice(), proto, 0, 0, 0)
	return append(binary.BigEndian.AppendUint16(k, port), 0, 0)
}

func value(to netip.AddrPort) []byte {
	return append(binary.BigEndian.AppendUint16(to.Addr().AsSlice(), to.Port()), 0, 0)
}
