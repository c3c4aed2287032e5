// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"encoding/binary"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// The 32-bit registers of nftables; a key that is put together from several
// fields lies in consecutive ones.
const (
	register     = unix.NFT_REG32_00
	registerSize = 4 // bytes
)

// rules returns those of one chain, in order.
func (c Config) rules(in *nftables.Chain) []*nftables.Rule {
	rule := func(comment string, exprs ...expr.Any) *nftables.Rule {
		return &nftables.Rule{Table: in.Table, Chain: in, Exprs: exprs,
			UserData: userdata.AppendString(nil, userdata.TypeComment, comment)}
	}
	port := toPort(c.Port)
	switch in.Name {
	case "tunnel":
		var rules []*nftables.Rule
		for _, f := range families() {
			rules = append(rules, rule(fmt.Sprintf("port %d from %s", c.Port, f.set.Name), f.admitted(port)...))
		}
		// What is too short to have a sender comes here too.
		return append(rules, rule(fmt.Sprintf("port %d from others", c.Port), drop(port)...))
	case "local":
		return []*nftables.Rule{rule(fmt.Sprintf("port %d by other than root and user %d", c.Port, c.User), drop(port,
			&expr.Meta{Key: expr.MetaKeySKUID, Register: register}, isNot(make([]byte, 4)...),
			isNot(binary.NativeEndian.AppendUint32(nil, c.User)...))...)}
	case "transit":
		return []*nftables.Rule{rule(fmt.Sprintf("port %d for others", c.Port), drop(port)...)}
	default:
		return []*nftables.Rule{rule("what "+c.Device+" brings", drop(nil,
			&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: register}, is(append([]byte(c.Device), 0)...))...)}
	}
}

func is(data ...byte) *expr.Cmp {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: data}
}

func isNot(data ...byte) *expr.Cmp {
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: data}
}

// toPort matches a UDP destination port.
func toPort(port uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register}, is(unix.IPPROTO_UDP),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		is(binary.BigEndian.AppendUint16(nil, port)...),
	}
}

// drop counts and drops what all the conditions match.
func drop(port []expr.Any, more ...expr.Any) []expr.Any {
	all := append(append([]expr.Any{}, port...), more...)
	return append(all, &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})
}

// admitted ends the chain for what comes from the outer address of the chassis
// that it says it comes from. The input hook sees whole IPv4 packets and single
// IPv6 fragments; a first fragment too short to tell is dropped, the others are
// of no use without it.
func (f family) admitted(port []expr.Any) []expr.Any {
	sender := register + f.bytes/registerSize
	all := []expr.Any{&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: register}, is(f.proto)}
	return append(append(all, port...),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: f.offset, Len: f.bytes},
		&expr.Payload{DestRegister: sender, Base: expr.PayloadBaseTransportHeader, Offset: innerSource, Len: 6},
		&expr.Bitwise{SourceRegister: sender, DestRegister: sender, Len: 6,
			Mask: []byte{0xff, 0xff, 0xff, 0, 0, 0}, Xor: make([]byte, 6)},
		&expr.Lookup{SourceRegister: register, SetName: f.set.Name},
		&expr.Verdict{Kind: expr.VerdictAccept},
	)
}

// innerSource is where the inner source MAC lies in the outer UDP datagram:
// behind the headers of UDP and vxlan and the inner destination.
const innerSource = 8 + 8 + 6
