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
	strayRate = 200 // of ARP; of what is no IP either, and of IPv6 to many
	deniedTop = 200 // to denied destinations, together
	allTop    = 1000
)

// The comments that rules are known by.
const (
	ruleARP     = "arp"
	ruleOther   = "not ipv4"
	ruleDenied  = "denied"
	ruleDenied6 = "denied ipv6"
	ruleAll     = "all"
)

// deniedSet and deniedSet6 are the sets of denied destinations.
const (
	deniedSet  = "denied"
	deniedSet6 = "denied6"
)

const (
	register                       = 1
	etherIPv4, etherARP, etherIPv6 = unix.ETH_P_IP, unix.ETH_P_ARP, unix.ETH_P_IPV6
	etherTypeAt                    = 12     // in the frame
	ipv4TargetAt, ipv6TargetAt     = 16, 24 // in the packet
	toMany6                        = 0x3333 // how an Ethernet address of IPv6 multicast begins (RFC 2464, 7)
)

// rules returns those of a fence of a port that has IPv6 or has not. They go by the
// frame's own bytes: what a raw socket says of its frames may be a lie.
func rules(in *nftables.Chain, ipv6 bool, l Limit) []*nftables.Rule {
	other := append(etherType(expr.CmpOpNeq, etherIPv4), unlike(etherARP))
	if ipv6 {
		other = append(other, unlike(etherIPv6))
	}
	list := []*nftables.Rule{
		rule(in, ruleARP, strayRate, etherType(expr.CmpOpEq, etherARP)...),
		rule(in, ruleOther, strayRate, other...),
	}
	if ipv6 {
		list = append(list, rule(in, ruleOther, strayRate, append(etherType(expr.CmpOpEq, etherIPv6),
			&expr.Payload{DestRegister: register, Base: expr.PayloadBaseLLHeader, Offset: 0, Len: 2},
			&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: binary.BigEndian.AppendUint16(nil, toMany6)})...))
	}
	for _, d := range deniedIn(l.Destinations) {
		if len(d.list) == 0 {
			continue
		}
		list = append(list, rule(in, d.rule, deniedTop, append(etherType(expr.CmpOpEq, d.etherType),
			&expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: d.at, Len: d.size},
			&expr.Lookup{SourceRegister: register, SetName: d.set, SetID: d.id})...))
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

// unlike goes on with what etherType read, where it is another value.
func unlike(value uint16) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpNeq, Register: register, Data: binary.BigEndian.AppendUint16(nil, value)}
}

// denied are the denied destinations of one family, and how frames to them are known.
type denied struct {
	rule, set string
	id        uint32 // names the set within its transaction
	key       nftables.SetDatatype
	etherType uint16
	at, size  uint32 // of the destination in the packet
	list      []netip.Addr
}

// deniedIn takes destinations apart by family.
func deniedIn(all []netip.Addr) [2]denied {
	d := [2]denied{
		{ruleDenied, deniedSet, 1, nftables.TypeIPAddr, etherIPv4, ipv4TargetAt, 4, nil},
		{ruleDenied6, deniedSet6, 2, nftables.TypeIP6Addr, etherIPv6, ipv6TargetAt, 16, nil},
	}
	for _, a := range all {
		if a.Is4() {
			d[0].list = append(d[0].list, a)
		} else {
			d[1].list = append(d[1].list, a)
		}
	}
	return d
}

// destinations is the set of them.
func (d *denied) destinations(of *nftables.Table) (*nftables.Set, []nftables.SetElement) {
	elements := make([]nftables.SetElement, len(d.list))
	for i, a := range d.list {
		elements[i].Key = a.AsSlice()
	}
	return &nftables.Set{ID: d.id, Table: of, Name: d.set, KeyType: d.key}, elements
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
	case ruleDenied, ruleDenied6, ruleAll:
		c.Held += counted[1]
		c.Passed += counted[0] - counted[1]
	}
	return comment
}
