// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"net/netip"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Touch is what one FlowMod did to the flows of a bridge; there may be none.
type Touch struct {
	Bridge *Bridge
	At     time.Time
	Flows  []Touched
}

// Touched is a flow that was put or deleted.
type Touched struct {
	Ends
	Deleted bool
	Drops   bool // it does nothing with its packets
}

// Ends are the addresses that a flow matches, each of which it may leave open.
type Ends struct{ From, To netip.Addr }

// ends reads a flow's match.
func (k *key) ends() Ends { return endsOf(openflow.MatchView(k.match)) }

// endsOf reads the addresses of a match, of which neither is a prefix.
func endsOf(m openflow.MatchView) Ends {
	return Ends{exactly(m, openflow.FieldIPv4Src), exactly(m, openflow.FieldIPv4Dst)}
}

func exactly(m openflow.MatchView, f openflow.Field) (a netip.Addr) {
	if value, mask, ok := m.Lookup(f); ok && mask == nil {
		a, _ = netip.AddrFromSlice(value)
	}
	return a
}

// within says whether flows of these ends may be among those that are wanted; what is
// wanted leaves open which it does not say.
func (e Ends) within(want Ends) bool {
	return (!want.From.IsValid() || e.From == want.From) && (!want.To.IsValid() || e.To == want.To)
}

// Tap has all that FlowMods do passed on, from now on; nil ends it. What it calls must
// return at once, and may be called for several bridges at a time.
func (f *Fleet) Tap(to func(Touch)) {
	if to == nil {
		f.tap.Store(nil)
		return
	}
	f.tap.Store(&to)
}

// touched passes on what a FlowMod did.
func (f *Fleet) touched(b *Bridge, t Touch) {
	if to := f.tap.Load(); to != nil {
		t.Bridge, t.At = b, time.Now()
		(*to)(t)
	}
}

// Routes returns how many flows the bridge has between each two addresses, those that
// drop left out.
func (s *Bridge) Routes() map[Ends]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make(map[Ends]int)
	for k, f := range s.flows {
		if e := k.ends(); e.From.IsValid() && e.To.IsValid() && !drops(openflow.Instructions(f.instructions)) {
			found[e]++
		}
	}
	return found
}
