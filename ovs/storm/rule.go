// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// What passes a fence, in packets a second, and at once. ARP has twice what the
// bridge's meter passes, so that who asks within that never meets the fence.
// What is denied would be dropped by the bridge; that some comes through shows
// when it no longer is. All is for a container whose packets go nowhere: enough
// for a conversation beside a flood that has ended.
const (
	strayRate = 200 // of ARP; of what is no IPv4 either
	deniedTop = 200 // to denied destinations, together
	allTop    = 1000
)

// The comments that rules are known by.
const (
	ruleARP    = "arp"
	ruleOther  = "not ipv4"
	ruleDenied = "denied"
	ruleAll    = "all"
)

// deniedSet is the set of denied destinations.
const deniedSet = "denied"

const (
	register                  = 1
	etherIPv4, etherARP       = unix.ETH_P_IP, unix.ETH_P_ARP
	etherTypeAt, ipv4TargetAt = 12, 16 // in the frame, in the packet
)

// rules returns those of a fence. They go by the frame's own bytes: what a raw
// socket says of its frames may be a lie.
func rules(in *nftables.Chain, l Limit) []*nftables.Rule {
	list := []*nftables.Rule{
		rule(in, ruleARP, strayRate, etherType(expr.CmpOpEq, etherARP)...),
		rule(in, ruleOther, strayRate, append(etherType(expr.CmpOpNeq, etherIPv4),
			&expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: binary.BigEndian.AppendUint16(nil, etherARP)})...),
	}
	if len(l.Destinations) > 0 {
		list = append(list, rule(in, ruleDenied, deniedTop, append(etherType(expr.CmpOpEq, etherIPv4),
			&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: ipv4TargetAt, Len: 4},
			&expr.Lookup{SourceRegister: register, SetName: deniedSet, SetID: deniedSetID})...))
	}
	if l.All {
		list = append(list, rule(in, ruleAll, allTop))
	}
	return list
}

// rule counts what matches, and counts and drops of that what is over a rate.
func rule(in *nftables.Chain, comment string, rate uint64, match ...expr.Any) *nftables.Rule {
	return &nftables.Rule{
		Table: in.Table, Chain: in, UserData: userdata.AppendString(nil, userdata.TypeComment, comment),
		Exprs: append(match,
			&expr.Counter{},
			&expr.Limit{Type: expr.LimitTypePkts, Rate: rate, Unit: expr.LimitTimeSecond, Burst: uint32(rate), Over: true},
			&expr.Counter{},
			&expr.Verdict{Kind: expr.VerdictDrop},
		),
	}
}

func etherType(op expr.CmpOp, value uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseLLHeader, Offset: etherTypeAt, Len: 2},
		&expr.Cmp{Op: op, Register: register, Data: binary.BigEndian.AppendUint16(nil, value)},
	}
}

// deniedSetID names the set within its transaction.
const deniedSetID = 1

func destinations(of *nftables.Table, list []netip.Addr) (*nftables.Set, []nftables.SetElement) {
	elements := make([]nftables.SetElement, len(list))
	for i, a := range list {
		elements[i].Key = a.AsSlice()
	}
	return &nftables.Set{ID: deniedSetID, Table: of, Name: deniedSet, KeyType: nftables.TypeIPAddr}, elements
}

// read adds what a rule counted.
func (c *Counts) read(r *nftables.Rule) (comment string) {
	comment, _ = userdata.GetString(r.UserData, userdata.TypeComment)
	var counted []uint64
	for _, e := range r.Exprs {
		if counter, ok := e.(*expr.Counter); ok {
			counted = append(counted, counter.Packets)
		}
	}
	if len(counted) != 2 || counted[0] < counted[1] {
		return ""
	}
	switch comment {
	case ruleARP:
		c.ARP += counted[1]
	case ruleOther:
		c.Other += counted[1]
	case ruleDenied, ruleAll:
		c.Held += counted[1]
		c.Passed += counted[0] - counted[1]
	}
	return comment
}
