// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// The 32-bit registers of nftables; a key that is put together from several
// fields lies in consecutive ones.
const (
	register     = unix.NFT_REG32_00
	registerSize = 4 // bytes
)

// The bits of ct state and ct status (linux/netfilter/nf_conntrack_common.h).
const (
	ctEstablished = 1 << 1
	ctRelated     = 1 << 2
	ctDNAT        = 1 << 5
)

// layout is where a family's addresses lie.
type layout struct {
	proto  byte // meta nfproto
	source uint32
	dest   uint32
	bytes  uint32
	kind   nftables.SetDatatype
}

func layoutOf(family int) layout {
	if family == 0 {
		return layout{unix.NFPROTO_IPV4, 12, 16, 4, nftables.TypeIPAddr}
	}
	return layout{unix.NFPROTO_IPV6, 8, 24, 16, nftables.TypeIP6Addr}
}

func is(data ...byte) *expr.Cmp {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: data}
}

func isNot(data ...byte) *expr.Cmp {
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: data}
}

func verdict(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind}} }

func accept() []expr.Any { return verdict(expr.VerdictAccept) }

func drop() []expr.Any { return append([]expr.Any{&expr.Counter{}}, verdict(expr.VerdictDrop)...) }

// ifname is a name as the kernel compares it, with its zero.
func ifname(name string) []byte { return append([]byte(name), 0) }

func comesFrom(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: register}, is(ifname(link)...)}
}

func goesTo(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register}, is(ifname(link)...)}
}

func goesElsewhere(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: register}, isNot(ifname(link)...)}
}

func ofFamily(family int) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(layoutOf(family).proto)}
}

// within matches packets whose address at the offset is in the prefix.
func within(p netip.Prefix, offset func(layout) uint32) []expr.Any {
	l := layoutOf(familyOf(p.Addr()))
	return append(ofFamily(familyOf(p.Addr())),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset(l), Len: l.bytes},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: l.bytes,
			Mask: net.CIDRMask(p.Bits(), int(l.bytes)*8), Xor: make([]byte, l.bytes)},
		is(p.Masked().Addr().AsSlice()...),
	)
}

func from(p netip.Prefix) []expr.Any { return within(p, func(l layout) uint32 { return l.source }) }

func to(p netip.Prefix) []expr.Any { return within(p, func(l layout) uint32 { return l.dest }) }

// conntrack matches packets with one of the bits in their conversation.
func conntrack(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: register},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 4,
			Mask: binary.NativeEndian.AppendUint32(nil, bits), Xor: make([]byte, 4)},
		isNot(0, 0, 0, 0),
	}
}

func translated() []expr.Any { return conntrack(expr.CtKeySTATUS, ctDNAT) }

// toThisHost matches packets to one of the host's own addresses.
func toThisHost() []expr.Any {
	return []expr.Any{
		&expr.Fib{Register: register, ResultADDRTYPE: true, FlagDADDR: true},
		is(binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)...),
	}
}

func icmp(family int) []expr.Any {
	proto := byte(unix.IPPROTO_ICMP)
	if family == 1 {
		proto = unix.IPPROTO_ICMPV6
	}
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, is(proto)}
}

// leavesAs gives the packet the address, or that of the link it leaves by.
func leavesAs(host netip.Addr, family int) []expr.Any {
	if !host.IsValid() {
		return []expr.Any{&expr.Masq{}}
	}
	return []expr.Any{
		&expr.Immediate{Register: register, Data: host.AsSlice()},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: uint32(layoutOf(family).proto), RegAddrMin: register},
	}
}

// portKey loads protocol and port, behind the destination address if that is
// wanted, and returns the registers used.
func portKey(family int, address bool) []expr.Any {
	l := layoutOf(family)
	at := uint32(register)
	var key []expr.Any
	if address {
		key = append(key, &expr.Payload{DestRegister: at, Base: expr.PayloadBaseNetworkHeader, Offset: l.dest, Len: l.bytes})
		at += l.bytes / registerSize
	}
	return append(key,
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: at},
		&expr.Payload{DestRegister: at + 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2})
}

func rules(parts ...[]expr.Any) []expr.Any {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
