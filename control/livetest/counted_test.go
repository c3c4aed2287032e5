// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"net/netip"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// legislate puts a policy of TCP to a port of an endpoint, from another or, where that is
// "", from anyone and whatever is sent.
func (w *world) legislate(id linkspan.PolicyID, priority uint16, action linkspan.PolicyAction, from, to string, port uint16) {
	only := func(name string) []linkspan.Selector {
		return []linkspan.Selector{{CIDR: netip.PrefixFrom(w.endpoints[name].Address, 32)}}
	}
	p := &linkspan.Policy{ID: id, Name: id.String(), Priority: priority, Action: action, To: only(to)}
	if from != "" {
		p.From = only(from)
		p.Ports = []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: port, Last: port}}
	}
	w.hub.Update(view.PutPolicy(p))
}

// used returns what policies decided about.
func (w *world) used(t *testing.T) map[linkspan.PolicyID]control.PolicyUse {
	t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	use, missing := w.hub.PolicyUse(ctx)
	if len(missing) > 0 {
		t.Errorf("chassis %v did not say", missing)
	}
	return use
}

// TestCounted: what switches count is what goes by a policy, and while another policy
// takes over a stream it is not cut, and counts for that one from then on.
func TestCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sessions.Go(func() { w.hub.Follow(w.ctx) })
	const allow, deny = linkspan.PolicyAllow, linkspan.PolicyDeny
	for i, to := range []string{"c2", "c3"} {
		t.Run("to "+to, func(t *testing.T) {
			whole := w.t
			w.t = t
			defer func() { w.t = whole }()
			first := linkspan.PolicyID(10 * (i + 1))
			second, others := first+1, first+2
			w.legislate(first, 10, allow, "c1", to, 443)
			w.legislate(others, 1, deny, "", to, 0)
			s := w.stream("c1", to, "443", false)
			s.flows(t, "the stream")
			sent := s.sent.Load()
			eventually(t, "what was sent to be counted", func() bool {
				u := w.used(t)[first]
				return u.Bytes >= uint64(sent) && u.Packets > 0 && u.Decisions > 0
			})
			if w.opens("c1", w.endpoints[to].Address.String()+":444", shortly) {
				t.Error("another port opens")
			}
			eventually(t, "what is denied to be counted", func() bool { return w.used(t)[others].Packets > 0 })

			w.legislate(second, 20, allow, "c1", to, 443)
			eventually(t, "the other policy to take over", func() bool { return w.used(t)[second].Packets > 0 })
			asked := w.packetIns()
			eventually(t, "the other policy alone to count", func() bool { // after what the first has passed is
				before := w.used(t)
				s.flows(t, "the stream under the other policy")
				eventually(t, "it to count", func() bool { return w.used(t)[second].Bytes >= before[second].Bytes+20000 })
				return w.used(t)[first] == before[first] && before[first].Bytes >= uint64(sent)
			})
			if n := w.packetIns(); n != asked {
				t.Errorf("%d packets of a stream came up that nobody cut", n-asked)
			}
			_ = s.conn.Close()
		})
	}
	if n := w.hub.Counters().Refused.Load(); n != 0 {
		t.Errorf("the switches refused %d messages", n)
	}
}
