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
// d is the caller's, so that nothing is allocated; it holds pointers into v and none
// into p.
func Decide(v *view.View, p *Packet, d *Decision) {
	d.reset()
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
