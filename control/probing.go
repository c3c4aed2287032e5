// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// probe is one under way.
type probe struct {
	id    uint64 // 40 bits
	asked Probe
	mark  pipeline.Mark
	frame []byte
	echo  uint16        // identifier of an echo request
	news  chan struct{} // has one when something happened
	over  atomic.Bool   // its packet is not sent on any more

	mu     sync.Mutex
	begun  time.Time
	events []ProbeEvent
	ups    int
}

// appendWatches appends the flows that watch the packet on a chassis.
func (p *probe) appendWatches(b []byte, on linkspan.ChassisID) []byte {
	to := p.asked.To
	w := pipeline.Watch{Probe: p.id, Mark: p.mark}
	if to != nil && to.Chassis == on {
		w.Hold = to.Out()
	}
	ins := []uint32{linkspan.TunnelPort, linkspan.DirectPort}
	if on == p.asked.From.Chassis {
		ins = []uint32{p.asked.From.Port}
	}
	for _, w.In = range ins {
		b = pipeline.AppendWatch(b, 0, &w)
	}
	return b
}

// leg returns the direction of the packet on a chassis, if there is one.
func (p *probe) leg(v *view.View, on linkspan.ChassisID) (leg pipeline.Leg, ok bool) {
	from, to := p.asked.From, p.asked.To
	if to == nil {
		return leg, false
	}
	return pipeline.Leg{
		Network: v.Network(from.Network), ToNetwork: v.Network(to.Network), From: from, To: to, On: on, Outside: p.asked.outside(),
	}, true
}

func (p *probe) send() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = time.Now()
}

// underWay says whether the packet was sent, and has not come to its end.
func (p *probe) underWay() bool {
	_, over := p.state()
	p.mu.Lock()
	defer p.mu.Unlock()
	return !over && !p.begun.IsZero()
}

// note adds an event.
func (p *probe) note(e ProbeEvent) {
	p.mu.Lock()
	e.After = time.Since(p.begun)
	p.events = append(p.events, e)
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// seen notes what the flows of a table made of the packet.
func (p *probe) seen(on linkspan.ChassisID, table uint8, frame []byte) {
	e := ProbeEvent{Chassis: on, Table: pipeline.TableName(table), Kind: ProbeStopped, behind: pipeline.Behind(table)}
	dst := linkspan.MAC(frame[:6])
	to, by, leaves := pipeline.Departure(dst)
	switch {
	case p.asked.To != nil && on == p.asked.To.Chassis && dst == p.asked.To.MAC:
		if e.Kind = ProbeDelivered; p.asked.To.Outside() {
			e.Transport = linkspan.Gateway
		}
	case leaves && to != on:
		e.Kind, e.Transport, e.To = ProbeLeft, by, to
	}
	p.note(e)
}

// cameUp notes that the packet came up as any other would. It returns false when it did
// so too often to be decided about once more.
func (p *probe) cameUp(on linkspan.ChassisID, table uint8) bool {
	p.mu.Lock()
	p.ups++
	ok := p.ups <= probeAsks
	p.mu.Unlock()
	p.note(ProbeEvent{Chassis: on, Table: pipeline.TableName(table), Kind: ProbeAsked, behind: pipeline.Behind(table)})
	return ok
}

// decided notes a decision about the packet, and says whether it may be acted on.
func (p *probe) decided(on linkspan.ChassisID, packet *decide.Packet, dec *decide.Decision) bool {
	e := ProbeEvent{Chassis: on, Kind: ProbeDecided, Verdict: dec.Verdict, Reason: dec.Reason}
	if dec.Tracked && !packet.Tracked && dec.Verdict != decide.Allow {
		e.Kind = ProbeInspected
	}
	p.note(e)
	to := p.asked.To
	return dec.Verdict != decide.Allow || to != nil && dec.Destination != nil && view.KeyOf(dec.Destination) == view.KeyOf(to)
}

// follow waits until the packet has come to its end, or nothing more is heard of it.
func (p *probe) follow(ctx context.Context) {
	for {
		quiet, over := p.state()
		if over {
			quiet = probeGrace
		}
		timer := time.NewTimer(quiet)
		select {
		case <-p.news:
			timer.Stop()
		case <-timer.C:
			return
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// ends waits until the packet has come to its end, for that time at most.
func (p *probe) ends(ctx context.Context, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for p.underWay() {
		select {
		case <-p.news:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// state says how long the next sign may take, and whether none is needed.
func (p *probe) state() (quiet time.Duration, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	quiet = probeQuiet
	for _, e := range p.events {
		switch {
		case e.Kind == ProbeDelivered, e.Kind == ProbeDecided && e.Verdict != decide.Allow:
			return quiet, true
		case e.Kind == ProbeDecided:
			quiet = probePlug
		}
	}
	return quiet, false
}

// tracked says whether connection tracking has seen the packet.
func (p *probe) tracked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.events, func(e ProbeEvent) bool { return e.behind })
}

// report returns what became of the packet.
func (p *probe) report() *ProbeReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	events := tidy(p.events, p.asked.From.Chassis)
	return &ProbeReport{Events: events, Outcome: outcomeOf(events), Mark: p.mark, Frame: p.frame}
}
