// SPDX-License-Identifier: Apache-2.0

package names

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// dockerResolver is where Docker's resolver is in every namespace, and where
// all containers' resolv.conf send them.
var dockerResolver = netip.MustParseAddrPort("127.0.0.11:53")

// ownAddress is where our own questions to Docker's resolver come from, which
// are not redirected.
var ownAddress = netip.MustParseAddr("127.0.0.12")

// The rates that a namespace's processes may ask at, before the kernel drops
// what they send, at their own cost.
const (
	queriesPerSecond     = 2000
	connectionsPerSecond = 200
)

// redirect brings what a namespace's processes send to Docker's resolver to
// our sockets, and back what these send, by writing other ports into the
// packets. It translates no addresses as the kernel's NAT does, which would have
// the kernel track every connection of the namespace. It is gone when it is
// closed or the process ends.
//
// Where other rules have connections tracked, as Docker's own do, tracking sees
// a question when it has our port and an answer while it has it: one
// conversation from a port to a port, which nothing is remembered of that
// outlives the redirection. Docker's rules do not see a question that we took.
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
	addQuestions(conn, table, udp, tcp)
	addAnswers(conn, table, udp, tcp)
	if err := conn.Flush(); err != nil {
		return nil, errors.Join(fmt.Errorf("redirect names: %w", err), conn.CloseLasting())
	}
	return &redirect{conn}, nil
}

// Close takes the table away.
func (r *redirect) Close() error { return r.conn.CloseLasting() }

// addQuestions has questions go to our ports, and drops those above the rates.
func addQuestions(conn *nftables.Conn, table *nftables.Table, udp, tcp uint16) {
	add := addChain(conn, table, "questions", nftables.ChainPriorityRaw)
	add(sentTo(unix.IPPROTO_UDP, dockerResolver.Port()), notOurs(), unsummed(), rewrite(destination, udp, noSum))
	add(sentTo(unix.IPPROTO_UDP, dockerResolver.Port()), notOurs(), rewrite(destination, udp, udpSum))
	add(sentTo(unix.IPPROTO_TCP, dockerResolver.Port()), notOurs(), rewrite(destination, tcp, tcpSum))
	add(sentTo(unix.IPPROTO_UDP, udp), over(queriesPerSecond))
	add(sentTo(unix.IPPROTO_TCP, tcp), connecting(), over(connectionsPerSecond))
}

// addAnswers has answers come from where the questions were sent to.
func addAnswers(conn *nftables.Conn, table *nftables.Table, udp, tcp uint16) {
	add := addChain(conn, table, "answers", nftables.ChainPriorityMangle)
	add(sentFrom(unix.IPPROTO_UDP, udp), rewrite(source, dockerResolver.Port(), udpSum))
	add(sentFrom(unix.IPPROTO_TCP, tcp), rewrite(source, dockerResolver.Port(), tcpSum))
}

// addChain adds a chain for what the namespace's processes send to each other,
// and returns what adds a rule to it, of several parts. Connection tracking comes
// between the priorities raw and mangle; a namespace's traffic with others costs
// one comparison.
func addChain(conn *nftables.Conn, table *nftables.Table, name string, priority *nftables.ChainPriority) func(parts ...[]expr.Any) {
	chain := conn.AddChain(&nftables.Chain{
		Name: name, Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookOutput, Priority: priority,
	})
	add := func(parts ...[]expr.Any) {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: slices.Concat(parts...)})
	}
	add(leaving(), []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}})
	return add
}
