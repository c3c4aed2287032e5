// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// dockerResolver is where Docker's resolver is in every namespace, and where
// all containers' resolv.conf send them.
var dockerResolver = netip.MustParseAddrPort("127.0.0.11:53")

// ownAddress is where our own questions to Docker's resolver come from, which
// are not redirected. Another address than that of the container's programs also
// keeps them apart in connection tracking: a port that served one of ours and
// then one of theirs would lead theirs past us.
var ownAddress = netip.MustParseAddr("127.0.0.12")

// The rates that a namespace's processes may ask at, before the kernel drops
// what they send, at their own cost.
const (
	queriesPerSecond     = 2000
	connectionsPerSecond = 200
)

// redirect brings what a namespace's processes send to Docker's resolver to
// our sockets. It is gone when it is closed or the process ends. As it stands
// before Docker's own rules in the same hook, the first translation counts.
type redirect struct{ conn *nftables.Conn }

// newRedirect makes the table in a namespace. The error has code Unavailable
// when the kernel cannot take it away by itself.
func newRedirect(namespace int, udp, tcp uint16) (*redirect, error) {
	var socket *netlink.Conn
	conn, err := nftables.New(nftables.AsLasting(), nftables.WithNetNSFd(namespace),
		nftables.WithSockOptions(func(c *netlink.Conn) error { socket = c; return nil }))
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "linkspan-names"}
	if err := ownTable(socket, table); err != nil {
		return nil, errors.Join(fmt.Errorf("redirect names: %w", err), conn.CloseLasting())
	}
	addRedirects(conn, table, udp, tcp)
	addLimits(conn, table, udp, tcp)
	if err := conn.Flush(); err != nil {
		return nil, errors.Join(fmt.Errorf("redirect names: %w", err), conn.CloseLasting())
	}
	return &redirect{conn}, nil
}

// Close takes the table away.
func (r *redirect) Close() error { return r.conn.CloseLasting() }

func addRedirects(conn *nftables.Conn, table *nftables.Table, udp, tcp uint16) {
	chain := conn.AddChain(&nftables.Chain{
		Name: "redirect", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityMangle, // before nat's -100
	})
	to, own := dockerResolver.Addr().As4(), ownAddress.As4()
	for protocol, port := range map[byte]uint16{unix.IPPROTO_UDP: udp, unix.IPPROTO_TCP: tcp} {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(
			sentTo(protocol, dockerResolver.Port()),
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4},
			&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: own[:]},
			&expr.Immediate{Register: 1, Data: to[:]},
			&expr.Immediate{Register: 2, Data: binary.BigEndian.AppendUint16(nil, port)},
			&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2, Specified: true},
		)})
	}
}

func addLimits(conn *nftables.Conn, table *nftables.Table, udp, tcp uint16) {
	chain := conn.AddChain(&nftables.Chain{
		Name: "limit", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter,
	})
	over := func(rate uint64) []expr.Any {
		return []expr.Any{
			&expr.Limit{Type: expr.LimitTypePkts, Rate: rate, Unit: expr.LimitTimeSecond, Burst: uint32(rate), Over: true},
			&expr.Counter{},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}
	}
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(sentTo(unix.IPPROTO_UDP, udp), over(queriesPerSecond)...)})
	connecting := append(sentTo(unix.IPPROTO_TCP, tcp), // SYN without ACK
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{0x12}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{0x02}},
	)
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(connecting, over(connectionsPerSecond)...)})
}

// sentTo matches packets to a port of the address of Docker's resolver.
func sentTo(protocol byte, port uint16) []expr.Any {
	to := dockerResolver.Addr().As4()
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: to[:]},
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protocol}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binary.BigEndian.AppendUint16(nil, port)},
	}
}
