// SPDX-License-Identifier: Apache-2.0

package verdicts_test

import (
	"fmt"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/test/verdicts"
)

// least is how many rows there must be.
const least = 200

// TestDecider asks the pure decider for every row: on the sender's host, and of one
// that is allowed on both hosts, in both directions.
func TestDecider(t *testing.T) {
	table, err := verdicts.Read()
	if err != nil {
		t.Fatal(err)
	}
	if n := table.Count(); n < least {
		t.Errorf("%d rows, at least %d are wanted", n, least)
	}
	for _, s := range table.Scenes {
		t.Run(s.Name, func(t *testing.T) {
			v := table.View(s)
			for i := range s.Rows {
				r := &s.Rows[i]
				a := asked{table, v, r, new(decide.Memo)}
				if verdict, by := a.sent(); verdict != r.Verdict || by != r.By {
					t.Errorf("table.txt:%d: %s to %s, %s: got %s by %s, want %s by %s", r.Line, r.From, r.To, r.What, verdict, by, r.Verdict, r.By)
				} else if verdict == linkspan.PolicyAllow {
					a.arrives(t)
				}
			}
		})
	}
}

// asked is a row that the decider is asked about.
type asked struct {
	table *verdicts.Table
	view  *view.View
	row   *verdicts.Row
	memo  *decide.Memo
}

// packet is the row's, where it leaves its sender.
func (a *asked) packet() decide.Packet {
	from := a.view.Endpoint(a.table.Key(a.table.Container(a.row.From)))
	to, _ := a.table.Address(a.row.To)
	p := decide.Packet{Chassis: from.Chassis, Port: from.Port, Network: from.Network, Source: from.Address, Destination: to, TTL: 64}
	p.Protocol = a.row.What.Protocol
	switch {
	case linkspan.Typed(p.Protocol):
		p.ICMPType = uint8(a.row.What.First)
	case linkspan.Ported(p.Protocol):
		p.SourcePort, p.DestinationPort = 20000, a.row.What.First
	}
	return p
}

// sent returns what becomes of the packet where it leaves, and by what.
func (a *asked) sent() (linkspan.PolicyAction, string) {
	p := a.packet()
	var d decide.Decision
	a.memo.Decide(a.view, &p, &d)
	verdict := linkspan.PolicyDeny
	switch {
	case d.Verdict == decide.Allow:
		verdict = linkspan.PolicyAllow
	case d.Reason == decide.PolicyRejects:
		verdict = linkspan.PolicyReject
	}
	return verdict, a.by(&p, &d)
}

// by names what decides. Where all packets between two have one verdict, a decision may
// name another policy of those that say so.
func (a *asked) by(p *decide.Packet, d *decide.Decision) string {
	switch d.Reason {
	case decide.UnknownDestination, decide.OutsideDestination:
		return verdicts.ByNobody
	case decide.AmbiguousDestination, decide.AmbiguousSource:
		return verdicts.ByAmbiguous
	case decide.LinkAllows, decide.LinkDenies:
		return verdicts.ByLink
	}
	from, to := view.PartyOf(d.Source), view.PartyOf(d.Destination)
	otherwise, why := decide.Otherwise(a.view, from, to)
	if policy := a.memo.Rules(a.view, from, to, otherwise).Judge(p.Key()).Policy; policy != nil {
		return policy.Name
	}
	return map[decide.Reason]string{
		decide.SameNetwork: verdicts.ByNetwork, decide.SharedGroup: verdicts.ByGroup, decide.NotGrouped: verdicts.ByNothing,
	}[why]
}

// arrives checks that an allowed packet is taken at the other end, and its answer on the
// whole way back.
func (a *asked) arrives(t *testing.T) {
	t.Helper()
	p := a.packet()
	to := a.view.Endpoint(a.table.Key(a.table.Container(a.row.To)))
	back := p
	back.Chassis, back.Port, back.Network = to.Chassis, to.Port, to.Network
	back.Source, back.Destination = p.Destination, p.Source
	back.Tracked, back.Reply = true, true
	if err := a.allowed(p, to); err != nil {
		t.Errorf("table.txt:%d: %v", a.row.Line, err)
	}
	if err := a.allowed(back, a.view.Endpoint(a.table.Key(a.table.Container(a.row.From)))); err != nil {
		t.Errorf("table.txt:%d: the answer: %v", a.row.Line, err)
	}
}

// allowed checks that a packet comes to an endpoint, decided where it leaves and, on
// another host, where it arrives.
func (a *asked) allowed(p decide.Packet, to *linkspan.Endpoint) error {
	places := []decide.Packet{p}
	if to.Chassis != p.Chassis {
		arrived := p
		arrived.Chassis, arrived.Sender, arrived.Port, arrived.Network = to.Chassis, p.Chassis, linkspan.TunnelPort, to.Network
		arrived.TTL--
		places = append(places, arrived)
	}
	for _, p := range places {
		var d decide.Decision
		a.memo.Decide(a.view, &p, &d)
		if d.Verdict != decide.Allow || d.Destination != to {
			return fmt.Errorf("on chassis %d it is not let through: %s (%s)", p.Chassis, d.Verdict, d.Reason)
		}
	}
	return nil
}
