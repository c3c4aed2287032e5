// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/binary"

	"github.com/google/nftables/expr"
)

// field is where something is in a header, bytes.
type field struct{ offset, size uint32 }

// Fields of IPv4 (RFC 791, section 3.1), TCP and UDP (RFC 9293, section 3.1;
// RFC 768).
var (
	sourceAddress      = field{12, 4}
	destinationAddress = field{16, 4}
	source             = field{0, 2}
	destination        = field{2, 2}
	tcpFlags           = field{13, 1}
	udpSum             = field{6, 2}
	tcpSum             = field{16, 2}
	noSum              = field{}
)

// loopback is the index of the loopback link in every namespace (Linux:
// LOOPBACK_IFINDEX).
const loopback = 1

// leaving matches what goes to others than the namespace itself.
func leaving() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIF, Register: 1},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: binary.NativeEndian.AppendUint32(nil, loopback)},
	}
}

// sentTo matches packets to a port of the address of Docker's resolver.
func sentTo(protocol byte, port uint16) []expr.Any {
	return at(protocol, destinationAddress, destination, port)
}

// sentFrom matches packets from a port of it.
func sentFrom(protocol byte, port uint16) []expr.Any {
	return at(protocol, sourceAddress, source, port)
}

func at(protocol byte, address, ports field, port uint16) []expr.Any {
	resolver := dockerResolver.Addr().As4()
	return []expr.Any{
		load(expr.PayloadBaseNetworkHeader, address), is(resolver[:]...),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, is(protocol),
		load(expr.PayloadBaseTransportHeader, ports), is(binary.BigEndian.AppendUint16(nil, port)...),
	}
}

// notOurs matches packets that do not come from our own address.
func notOurs() []expr.Any {
	return []expr.Any{
		load(expr.PayloadBaseNetworkHeader, sourceAddress),
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: ownAddress.AsSlice()},
	}
}

// unsummed matches UDP packets without a checksum.
func unsummed() []expr.Any {
	return []expr.Any{load(expr.PayloadBaseTransportHeader, udpSum), is(0, 0)}
}

// connecting matches the first packet of a TCP connection: SYN without ACK.
func connecting() []expr.Any {
	return []expr.Any{
		load(expr.PayloadBaseTransportHeader, tcpFlags),
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{0x12}, Xor: []byte{0}},
		is(0x02),
	}
}

// over drops what comes at more than a rate.
func over(rate uint64) []expr.Any {
	return []expr.Any{
		&expr.Limit{Type: expr.LimitTypePkts, Rate: rate, Unit: expr.LimitTimeSecond, Burst: uint32(rate), Over: true},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

// rewrite writes a port into a packet, and into its checksum what that changes. A
// checksum that the kernel has yet to compute, as of most packets of the loopback
// link, is left to that. One that was never to be, of UDP, must be given as noSum:
// nftables would make one of it that is wrong.
func rewrite(ports field, port uint16, sum field) []expr.Any {
	write := &expr.Payload{
		OperationType: expr.PayloadWrite, SourceRegister: 1,
		Base: expr.PayloadBaseTransportHeader, Offset: ports.offset, Len: ports.size,
	}
	if sum != noSum {
		write.CsumType, write.CsumOffset = expr.CsumTypeInet, sum.offset
	}
	return []expr.Any{&expr.Immediate{Register: 1, Data: binary.BigEndian.AppendUint16(nil, port)}, write}
}

func load(base expr.PayloadBase, f field) *expr.Payload {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: f.offset, Len: f.size}
}

func is(data ...byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }
