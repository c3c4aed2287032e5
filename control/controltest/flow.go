// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Flow is an installed flow.
type Flow struct {
	openflow.FlowMod
	Packets, Bytes  uint64
	Installed, Used time.Time

	text string // what String writes, once it was asked for by a Switch
}

// String writes the flow without its cookie and counters, and without the mark that
// flows have for the datapath's cache.
func (f *Flow) String() string {
	line := fmt.Sprintf("table=%d priority=%d", f.TableID, f.Priority)
	if m := f.Match.String(); m != "" {
		line += " " + m
	}
	return line + " actions=" + pipeline.Unmarked(f.Instructions).String()
}

// kind opens the trace of what happens to a static flow, and to one of a probe.
func (f *Flow) kind() string {
	switch k := pipeline.Cookie(f.Cookie).Kind(); {
	case k.Static():
		return "static "
	case k == pipeline.KindProbe:
		return "watching "
	}
	return ""
}

// sorted returns the fields in an order of their own, so that equal matches
// have equal bytes.
func sorted(v openflow.MatchView) openflow.MatchView {
	list := slices.Collect(v.All())
	slices.SortFunc(list, func(a, b openflow.OXM) int { return int(a.Field>>9&0x7fffff) - int(b.Field>>9&0x7fffff) })
	var m openflow.Match
	for _, o := range list {
		m.Add(o)
	}
	return bytes.Clone(m.View())
}

// covers says whether a flow's match is no wider than v.
func covers(v, flow openflow.MatchView) bool {
	for o := range v.All() {
		value, mask, ok := flow.Lookup(o.Field)
		if !ok || !within(o, value, mask) {
			return false
		}
	}
	return true
}

// within says whether value under mask lies inside of what o matches.
func within(o openflow.OXM, value, mask []byte) bool {
	for i := range value {
		want := byte(0xff)
		if o.Mask != nil {
			want = o.Mask[i]
		}
		have := byte(0xff)
		if mask != nil {
			have = mask[i]
		}
		if want&^have != 0 || (value[i]^o.Value[i])&want != 0 {
			return false
		}
	}
	return true
}

// chosen says whether a modification means this flow.
func (f *Flow) chosen(m *openflow.FlowMod) bool {
	if m.TableID != openflow.TableAll && m.TableID != f.TableID || (f.Cookie^m.Cookie)&m.CookieMask != 0 {
		return false
	}
	if m.Command == openflow.FlowDeleteStrict {
		return f.same(m)
	}
	return covers(m.Match, f.Match)
}

// same says whether a flow has this table, priority and match.
func (f *Flow) same(m *openflow.FlowMod) bool {
	return f.TableID == m.TableID && f.Priority == m.Priority && bytes.Equal(f.Match, m.Match)
}

// overdue says whether a timeout of the flow has passed, and which.
func (f *Flow) overdue(now time.Time) (openflow.RemovedReason, bool) {
	seconds := func(n uint16) time.Duration { return time.Duration(n) * time.Second }
	switch {
	case f.HardTimeout > 0 && now.Sub(f.Installed) >= seconds(f.HardTimeout):
		return openflow.RemovedHardTimeout, true
	case f.IdleTimeout > 0 && now.Sub(f.Used) >= seconds(f.IdleTimeout):
		return openflow.RemovedIdleTimeout, true
	}
	return 0, false
}
