// SPDX-License-Identifier: Apache-2.0

package decide

import "github.com/linkspan/linkspan/control/view"

// decider looks at one thing. It returns true when it settled the verdict and
// false to pass the packet on.
type decider func(v *view.View, p *Packet, d *Decision) bool

// deciders in the order they are asked: who talks to whom, whether they may, and
// how the packet gets there.
var deciders = [...]decider{
	network,
	source,
	destination,
	permission,
	transport,
	hop,
}

// Decide overwrites d with the decision about p in v: what nobody denies is allowed.
// d is the caller's; it holds pointers into v and none into p. Where policies are
// asked a Memo is made, for this once: who decides often has one.
func Decide(v *view.View, p *Packet, d *Decision) {
	d.reset()
	d.decide(v, p)
}

// Decide is the function Decide of who decides often: it remembers what policies say,
// so that nothing is allocated for a pair that was asked about before.
func (m *Memo) Decide(v *view.View, p *Packet, d *Decision) {
	d.reset()
	d.memo, d.recalled = m, m.recall(v, p)
	d.decide(v, p)
	d.memo, d.recalled = nil, nil
}

// decide asks all deciders; d is fresh.
func (d *Decision) decide(v *view.View, p *Packet) {
	for _, ask := range deciders {
		if ask(v, p, d) {
			return
		}
	}
	d.BySource, d.ByDestination, d.Verdict = true, true, Allow
}

// network finds the network's record.
func network(v *view.View, p *Packet, d *Decision) bool {
	d.Network = v.Network(p.Network)
	d.DestinationNetwork = d.Network
	if d.Network == nil {
		return d.settle(Ignore, NoNetwork)
	}
	return false
}
