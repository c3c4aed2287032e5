// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
)

// Probe says which packet is to be injected.
type Probe struct {
	From *linkspan.Endpoint // attached; its container is taken to send the packet
	// To is who is found under the destination, attached; a linkspan.OutsideEnd at the
	// source's chassis where that is outside of all networks; nil: nobody.
	To          *linkspan.Endpoint
	Destination netip.Addr
	Protocol    uint8  // IP protocol
	Port        uint16 // of the destination, or type of ICMP
}

// outside returns the destination where it is outside of all networks.
func (q *Probe) outside() (p netip.Prefix) {
	if q.To != nil && q.To.Outside() {
		p = netip.PrefixFrom(q.Destination, q.Destination.BitLen())
	}
	return p
}

// ProbeEventKind says what happened to the packet of a probe.
type ProbeEventKind uint8

// The kinds of probe events.
const (
	ProbeAsked     ProbeEventKind = iota + 1 // it came up to the controller from Table
	ProbeInspected                           // the controller had connection tracking look at it first
	ProbeDecided                             // the controller decided: Verdict, Reason
	ProbeLeft                                // the flows of Table sent it to chassis To, by Transport
	ProbeTracked                             // the flows of Table handed it to connection tracking
	ProbeStopped                             // the flows of Table sent it nowhere
	ProbeDelivered                           // the flows of Table delivered it, or handed it to the host's stack; before the port it was held back
)

var probeEventNames = [...]string{"", "asked", "inspected", "decided", "left", "tracked", "stopped", "delivered"}

// String returns the kind in lower case.
func (k ProbeEventKind) String() string { return probeEventNames[k] }

// ProbeEvent is one thing that happened to the packet.
type ProbeEvent struct {
	Chassis   linkspan.ChassisID
	After     time.Duration // since the packet was injected, as the controller saw it
	Kind      ProbeEventKind
	Table     string
	Transport linkspan.Transport // Gateway of what was delivered to the host's stack
	To        linkspan.ChassisID
	Verdict   decide.Verdict
	Reason    decide.Reason

	behind bool // Table is one behind connection tracking
}

// ProbeOutcome is what became of the packet in the end.
type ProbeOutcome uint8

// The outcomes.
const (
	ProbeUnseen  ProbeOutcome = iota // no table that decides has seen it: the guard dropped it
	ProbeArrived                     // it would have reached the container, or the host's stack on its way out
	ProbeDenied                      // the controller denied it
	ProbeDropped                     // flows dropped it
	ProbeLost                        // it left for another chassis and did not come there
	ProbeWaiting                     // it was allowed, and its route not plugged in time
)

var probeOutcomeNames = [...]string{"unseen", "delivered", "denied", "dropped", "lost", "waiting"}

// String returns the outcome in lower case.
func (o ProbeOutcome) String() string { return probeOutcomeNames[o] }

// ProbeReport is what became of the packet.
type ProbeReport struct {
	Outcome ProbeOutcome
	Events  []ProbeEvent
	Mark    pipeline.Mark
	Frame   []byte // as it was injected
}

// tidy leaves out what says nothing of its own, as a table that sent the packet up, or
// into connection tracking, sent it nowhere else, and puts first what happened first: on
// the source's chassis, and before connection tracking. It may be told of in another order.
func tidy(events []ProbeEvent, home linkspan.ChassisID) (list []ProbeEvent) {
	type spot struct {
		on    linkspan.ChassisID
		table string
	}
	asked := make(map[spot]int)
	handed := make(map[linkspan.ChassisID]int) // to tracking, of which nothing behind it is told yet
	open := make(map[linkspan.ChassisID][]int) // of list: behind tracking, before it is told who handed it there
	first := func(e ProbeEvent) int {
		if e.Chassis == home {
			return 0
		}
		return 1
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b ProbeEvent) int { return first(a) - first(b) })
	for _, e := range events {
		at := spot{e.Chassis, e.Table}
		switch {
		case e.Kind == ProbeAsked:
			asked[at]++
		case e.Kind == ProbeStopped && asked[at] > 0:
			asked[at]--
			continue
		}
		if e.Kind == ProbeStopped && !e.behind && seenBehind(events, e.Chassis) {
			e.Kind = ProbeTracked
		}
		switch early := open[e.Chassis]; {
		case e.Kind == ProbeTracked && len(early) > 0:
			list, open[e.Chassis] = slices.Insert(list, early[0], e), nil
			continue
		case e.Kind == ProbeTracked:
			handed[e.Chassis]++
		case e.behind && handed[e.Chassis] > 0:
			handed[e.Chassis]--
		case e.behind:
			open[e.Chassis] = append(early, len(list))
		}
		list = append(list, e)
	}
	for i := len(list) - 2; i >= 0; i-- { // it was told of later than it was
		list[i].After = min(list[i].After, list[i+1].After)
	}
	return list
}

// seenBehind says whether the packet was seen behind connection tracking on a chassis.
func seenBehind(events []ProbeEvent, on linkspan.ChassisID) bool {
	return slices.ContainsFunc(events, func(e ProbeEvent) bool { return e.behind && e.Chassis == on })
}

// outcomeOf says what became of the packet, from tidy events.
func outcomeOf(events []ProbeEvent) (o ProbeOutcome) {
	for _, e := range events {
		switch {
		case e.Kind == ProbeDelivered:
			return ProbeArrived
		case e.Kind == ProbeDecided && e.Verdict != decide.Allow:
			return ProbeDenied
		case e.Kind == ProbeDecided, e.Kind == ProbeAsked, e.Kind == ProbeInspected:
			o = ProbeWaiting
		case e.Kind == ProbeStopped:
			o = ProbeDropped
		case e.Kind == ProbeLeft:
			o = ProbeLost
		}
	}
	return o
}
