// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
)

// AppendTurn appends the message that plugs, in the place of a dumped flow which takes all
// packets of a direction, the one that does so where they are tracked now, or are not any
// more: no packet falls between the two. What the new one lets through counts for policy. ok is
// false when f is no such flow, or v has no leg for it.
func AppendTurn(b []byte, xid uint32, r Round, v *view.View, s *Standing, f *openflow.FlowStats, policy linkspan.PolicyID) (_ []byte, ok bool) {
	p, ok := Recognize(f.TableID, f.Priority, f.Match)
	leg, there := p.Leg(v, s.On)
	if !ok || !there || p.Part != Whole {
		return b, false
	}
	kind := KindTracked
	if s.Kind == KindTracked {
		kind = KindRoute
	}
	var w work
	mod := w.mod(&leg, kind, Whole, decide.Class{})
	mod.Flags |= openflow.FlowResetCounts
	mod.Cookie = uint64(leg.cookie(kind, r).By(policy))
	return mod.Append(b, xid), true
}
