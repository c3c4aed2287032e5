// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// PortMap is a map to addresses and ports: from protocol and port, behind the host's
// address if that is wanted. Its name ends in 4 or 6.
func PortMap(table *nftables.Table, name string, family int, address bool) *nftables.Set {
	return &nftables.Set{Table: table, Name: fmt.Sprintf("%s%d", name, 4+2*family), IsMap: true, Concatenation: true,
		KeyType:  PortKeyType(family, address),
		DataType: nftables.MustConcatSetType(layoutOf(family).kind, nftables.TypeInetService)}
}

// PortKeyType is the type of what PortKey loads.
func PortKeyType(family int, address bool) nftables.SetDatatype {
	keys := []nftables.SetDatatype{nftables.TypeInetProto, nftables.TypeInetService}
	if address {
		keys = append([]nftables.SetDatatype{layoutOf(family).kind}, keys...)
	}
	return nftables.MustConcatSetType(keys...)
}

// Send looks up the key of PortKey and translates to what it finds.
func Send(family int, set *nftables.Set) []expr.Any {
	l := layoutOf(family)
	return []expr.Any{
		&expr.Lookup{SourceRegister: Register, DestRegister: Register, IsDestRegSet: true, SetName: set.Name, SetID: set.ID},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: uint32(l.proto), RegAddrMin: Register, RegProtoMin: Register + l.bytes/registerSize, Specified: true},
	}
}

// PortElement is a key of a PortMap, without address where that is zero: fields are
// laid out as registers are, each begins a new one.
func PortElement(address netip.Addr, proto uint8, port uint16) []byte {
	k := append(address.AsSlice(), proto, 0, 0, 0)
	return append(binary.BigEndian.AppendUint16(k, port), 0, 0)
}

// PortTarget is the value of a PortMap.
func PortTarget(to netip.AddrPort) []byte {
	return append(binary.BigEndian.AppendUint16(to.Addr().AsSlice(), to.Port()), 0, 0)
}

// ToPort matches a destination port of a protocol, of either family.
func ToPort(proto byte, port uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: Register}, is(proto),
		&expr.Payload{DestRegister: Register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		is(binary.BigEndian.AppendUint16(nil, port)...),
	}
}
