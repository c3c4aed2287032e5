// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"

	"github.com/linkspan/linkspan/ovs/talk"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Held is what a bridge holds, as it says itself.
type Held struct {
	Set
	foreign map[string]bool // keys of flows that somebody else wrote
	counts  map[string]count
}

// count is how much a flow was used.
type count struct{ packets, bytes uint64 }

func (h *Held) ours(f *Flow) bool { return len(h.foreign) == 0 || !h.foreign[f.key()] }

// read asks a bridge for all that it holds, but what it learnt itself.
func read(ctx context.Context, c *talk.Conn) (Held, error) {
	return readSome(ctx, c, []openflow.FlowRequest{{TableID: openflow.TableAll}})
}

// readSome asks a bridge for its meters, and for the flows of these requests alone.
func readSome(ctx context.Context, c *talk.Conn, requests []openflow.FlowRequest) (Held, error) {
	h := Held{foreign: make(map[string]bool), counts: make(map[string]count)}
	for _, r := range requests {
		flows, err := c.Flows(ctx, r)
		if err != nil {
			return h, err
		}
		h.add(flows)
	}
	meters, err := c.Meters(ctx)
	if err != nil {
		return h, err
	}
	for _, m := range meters {
		if !ofModes(m.MeterID) {
			rate, most := rateOf(m)
			h.Meters = append(h.Meters, Meter{ID: m.MeterID, Rate: rate, Most: most})
		}
	}
	return h, nil
}

func (h *Held) add(flows []openflow.FlowStats) {
	for i := range flows {
		s := &flows[i]
		if s.Cookie == CookieLearned && s.TableID == TableKnown || s.Cookie&CookieModesMask == CookieModes {
			continue
		}
		f := Flow{Table: s.TableID, Priority: s.Priority, Match: s.Match, Instructions: s.Instructions}
		h.Flows = append(h.Flows, f)
		key := f.key()
		h.counts[key] = count{s.Packets, s.Bytes}
		if s.Cookie != Cookie || s.IdleTimeout != 0 || s.HardTimeout != 0 {
			h.foreign[key] = true
		}
	}
}

// rateOf returns the rate of a meter of the form that this package makes and how much it lets
// through at once, 0 of another one: no limit is 0.
func rateOf(m openflow.MeterConfig) (rate, most uint32) {
	ours := Meter{ID: m.MeterID}
	if len(m.Bands) == 1 {
		ours.Rate = m.Bands[0].Rate
	}
	want := ours.mod(openflow.MeterAdd)
	if len(m.Bands) != 1 || m.Flags&^openflow.MeterWithBurst != want.Flags || m.Bands[0].Type != openflow.MeterDrop {
		return 0, 0
	}
	if m.Flags&openflow.MeterWithBurst != 0 && m.Bands[0].Burst != ours.Rate { // Open vSwitch says what it chose, too
		most = m.Bands[0].Burst
	}
	if most > 0 && !ours.bits() {
		return 0, 0
	}
	return ours.Rate, most
}
