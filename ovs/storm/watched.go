// SPDX-License-Identifier: Apache-2.0

package storm

import "time"

// watched is a port and what is known of it.
type watched struct {
	Port
	seen    time.Time // first
	fenced  bool
	retry   time.Time // not before then when it is not
	trouble string    // why it is not; empty: nothing

	sent, rate uint64 // packets, and packets a second at the last round
	counted    time.Time

	counts     Counts // of the fence as it is
	glanced    time.Time
	arp, other spell
	judge      judge
	looks      looks
	looked     time.Time
	held       Held
}

// Held is what fences held, in packets.
type Held struct{ ARP, Other, IPv4 uint64 }

// count takes how many packets the container has sent since its veth was made.
func (p *watched) count(now time.Time, sent uint64) {
	if span := now.Sub(p.counted); !p.counted.IsZero() && span > 0 {
		p.rate = uint64(float64(grown(p.sent, sent)) / span.Seconds())
	}
	p.sent, p.counted = sent, now
}

// glanceDue says whether the fence has something to tell: what floods with ARP
// comes through at the rate that the fence passes.
func (p *watched) glanceDue(now time.Time) bool {
	busy := p.rate >= strayRate/2 || p.arp.on || p.other.on || p.judge.limit.Any()
	return p.fenced && busy && now.Sub(p.glanced) >= glance
}

// suspect says whether the bridge is to be asked about the port.
func (p *watched) suspect(now time.Time) bool {
	switch {
	case !p.fenced: // it could not be limited
	case p.rate >= beginRate:
		return true
	case p.judge.on:
		return now.Sub(p.looked) >= glance
	}
	p.looks, p.judge.looks = nil, 0
	return false
}

// take takes new counts of the fence and returns the kinds of floods that began
// or ended.
func (p *watched) take(now time.Time, c Counts) (turned []Kind) {
	span := sample{span: now.Sub(p.glanced)}
	arp, other := grown(p.counts.ARP, c.ARP), grown(p.counts.Other, c.Other)
	if p.arp.next(now, span.rate(arp)) {
		turned = append(turned, ARP)
	}
	if p.other.next(now, span.rate(other)) {
		turned = append(turned, Other)
	}
	p.held = Held{p.held.ARP + arp, p.held.Other + other, p.held.IPv4 + grown(p.counts.Held, c.Held)}
	p.counts, p.glanced = c, now
	return turned
}

// anew begins with a fence that has just been set.
func (p *watched) anew(now time.Time) {
	p.fenced, p.glanced, p.counts, p.looks = true, now, Counts{}, nil
}

// states returns the floods that last.
func (p *watched) states() (list []State) {
	for _, kind := range []Kind{ARP, Other, IPv4} {
		if s := p.state(kind); p.spell(kind).on {
			list = append(list, s)
		}
	}
	return list
}

func (p *watched) state(kind Kind) State {
	s := p.spell(kind)
	state := State{Port: p.Port, Kind: kind, Since: s.since, Rate: s.rate}
	if kind == IPv4 {
		state.Limit = p.judge.limit
	}
	return state
}

func (p *watched) spell(kind Kind) *spell {
	switch kind {
	case ARP:
		return &p.arp
	case Other:
		return &p.other
	}
	return &p.judge.spell
}
