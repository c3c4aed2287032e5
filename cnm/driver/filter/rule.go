// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Register is the first of the 32-bit registers of nftables, which all parts use; a key
// that is put together from several fields lies in consecutive ones.
const Register = unix.NFT_REG32_00

// registerSize is in bytes.
const registerSize = 4

// The bits of ct state and ct status (linux/netfilter/nf_conntrack_common.h).
const (
	ctInvalid     = 1 << 0
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
	return &expr.Cmp{Op: expr.CmpOpEq, Register: Register, Data: data}
}

func isNot(data ...byte) *expr.Cmp {
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: Register, Data: data}
}

func verdict(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind}} }

// Accept ends the judgement of a chain: the packet passes.
func Accept() []expr.Any { return verdict(expr.VerdictAccept) }

// Drop counts and drops.
func Drop() []expr.Any { return append([]expr.Any{&expr.Counter{}}, verdict(expr.VerdictDrop)...) }

// Ifname is a name as the kernel compares it, with its zero.
func Ifname(name string) []byte { return append([]byte(name), 0) }

// ComesFrom matches packets that came in by a link.
func ComesFrom(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: Register}, is(Ifname(link)...)}
}

// ComesFromElsewhere matches packets that came in by any other link.
func ComesFromElsewhere(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: Register}, isNot(Ifname(link)...)}
}

// GoesTo matches packets that leave by a link.
func GoesTo(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: Register}, is(Ifname(link)...)}
}

// GoesElsewhere matches packets that leave by any other link.
func GoesElsewhere(link string) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: Register}, isNot(Ifname(link)...)}
}

// FamilyOf returns an address's family: 0 is IPv4, 1 IPv6.
func FamilyOf(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// OfFamily matches packets of an address family: 0 is IPv4, 1 IPv6.
func OfFamily(family int) []expr.Any {
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: Register}, is(layoutOf(family).proto)}
}

// within matches packets whose address at the offset is in the prefix.
func within(p netip.Prefix, offset func(layout) uint32) []expr.Any {
	l := layoutOf(FamilyOf(p.Addr()))
	return append(OfFamily(FamilyOf(p.Addr())),
		&expr.Payload{DestRegister: Register, Base: expr.PayloadBaseNetworkHeader, Offset: offset(l), Len: l.bytes},
		&expr.Bitwise{SourceRegister: Register, DestRegister: Register, Len: l.bytes,
			Mask: net.CIDRMask(p.Bits(), int(l.bytes)*8), Xor: make([]byte, l.bytes)},
		is(p.Masked().Addr().AsSlice()...),
	)
}

// From matches packets whose source is in the prefix.
func From(p netip.Prefix) []expr.Any { return within(p, func(l layout) uint32 { return l.source }) }

// To matches packets whose destination is in the prefix.
func To(p netip.Prefix) []expr.Any { return within(p, func(l layout) uint32 { return l.dest }) }

// conntrack matches packets with one of the bits in their conversation.
func conntrack(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: Register},
		&expr.Bitwise{SourceRegister: Register, DestRegister: Register, Len: 4,
			Mask: binary.NativeEndian.AppendUint32(nil, bits), Xor: make([]byte, 4)},
		isNot(0, 0, 0, 0),
	}
}

// Known matches packets of conversations that are known, and what is about them.
func Known() []expr.Any { return conntrack(expr.CtKeySTATE, ctEstablished|ctRelated) }

// Invalid matches packets of which no conversation can be told.
func Invalid() []expr.Any { return conntrack(expr.CtKeySTATE, ctInvalid) }

// Translated matches packets of conversations whose destination was translated.
func Translated() []expr.Any { return conntrack(expr.CtKeySTATUS, ctDNAT) }

// ToThisHost matches packets to one of the host's own addresses.
func ToThisHost() []expr.Any {
	return []expr.Any{
		&expr.Fib{Register: Register, ResultADDRTYPE: true, FlagDADDR: true},
		is(binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)...),
	}
}

// ICMP matches ICMP of a family.
func ICMP(family int) []expr.Any {
	proto := byte(unix.IPPROTO_ICMP)
	if family == 1 {
		proto = unix.IPPROTO_ICMPV6
	}
	return []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: Register}, is(proto)}
}

// ICMPType matches a type of ICMP, behind what matches ICMP of either family.
func ICMPType(t byte) []expr.Any {
	return []expr.Any{&expr.Payload{DestRegister: Register, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1}, is(t)}
}

// LeavesAs gives the packet the address, or that of the link it leaves by.
func LeavesAs(host netip.Addr, family int) []expr.Any {
	if !host.IsValid() {
		return []expr.Any{&expr.Masq{}}
	}
	return []expr.Any{
		&expr.Immediate{Register: Register, Data: host.AsSlice()},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: uint32(layoutOf(family).proto), RegAddrMin: Register},
	}
}

// PortKey loads protocol and port, behind the destination address if that is
// wanted, and returns the registers used.
func PortKey(family int, address bool) []expr.Any {
	l := layoutOf(family)
	at := uint32(Register)
	var key []expr.Any
	if address {
		key = append(key, &expr.Payload{DestRegister: at, Base: expr.PayloadBaseNetworkHeader, Offset: l.dest, Len: l.bytes})
		at += l.bytes / registerSize
	}
	return append(key,
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: at},
		&expr.Payload{DestRegister: at + 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2})
}

// Rules puts parts of a rule together.
func Rules(parts ...[]expr.Any) []expr.Any {
	var all []expr.Any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
