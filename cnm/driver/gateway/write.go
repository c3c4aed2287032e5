// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/driver/filter"
)

// Where a packet is in the ICMP error that quotes it (RFC 792, RFC 4443).
const quoteAt = 8

// head is where a family's addresses are in its header (RFC 791, 3.1; RFC 8200, 3),
// how much of them is the range's, and which errors quote.
type head struct {
	source, dest, size uint32
	checksum           uint32 // of the header; 0: it has none
	errors             []byte
	redirect           byte
}

func headOf(family int) head {
	if family == 0 {
		return head{12, 16, 4, 10, []byte{3, 11, 12}, 5}
	}
	return head{8, 24, 16, 0, []byte{1, 2, 3, 4}, 137}
}

// is compares what was loaded.
func is(data []byte) []expr.Any {
	return []expr.Any{&expr.Cmp{Op: expr.CmpOpEq, Register: filter.Register, Data: data}}
}

// immediate loads bytes.
func immediate(data []byte) []expr.Any {
	return []expr.Any{&expr.Immediate{Register: filter.Register, Data: data}}
}

// etherSource loads some bytes of the Ethernet source address.
func etherSource(at, n uint32) []expr.Any {
	const source = 6
	return []expr.Any{&expr.Payload{
		DestRegister: filter.Register, Base: expr.PayloadBaseLLHeader, Offset: source + at, Len: n,
	}}
}

func write(p *expr.Payload) []expr.Any { return []expr.Any{p} }

// network is what writes what was loaded into the header, and mends its checksum, and that
// of the transport header, which covers the addresses; also one that is not finished.
// Without a checksum of the header, nftables' library would leave out that of the transport
// header as well: then it is what is written over that is mended first.
func (h head) network(at, n uint32) *expr.Payload {
	p := &expr.Payload{
		OperationType: expr.PayloadWrite, SourceRegister: filter.Register, Base: expr.PayloadBaseNetworkHeader,
		Offset: at, Len: n, CsumType: expr.CsumTypeInet, CsumOffset: at, CsumFlags: unix.NFT_PAYLOAD_L4CSUM_PSEUDOHDR,
	}
	if h.checksum != 0 {
		p.CsumOffset = h.checksum
	}
	return p
}

// quoted is what writes what was loaded into the header that an ICMP error quotes, and
// mends the error's checksum. The quoted header's stays as it is: who gets it here, the
// translation, changes it by the difference that it makes.
func quoted(at, n uint32) *expr.Payload {
	const checksumAt = 2
	return &expr.Payload{
		OperationType: expr.PayloadWrite, SourceRegister: filter.Register, Base: expr.PayloadBaseTransportHeader,
		Offset: quoteAt + at, Len: n, CsumType: expr.CsumTypeInet, CsumOffset: checksumAt,
	}
}
