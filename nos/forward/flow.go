// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Flow is one flow of br-switch.
type Flow struct {
	Table        uint8
	Priority     uint16
	Match        openflow.MatchView
	Instructions openflow.Instructions
	Path         []string // what in the configuration it is for
}

// key is what a bridge tells flows apart by.
func (f *Flow) key() string {
	return string([]byte{f.Table, byte(f.Priority >> 8), byte(f.Priority)}) + f.Match.String()
}

// String returns the flow as ovs-ofctl writes it, without cookie and counters.
func (f *Flow) String() string {
	match := strings.TrimSuffix(fmt.Sprintf("table=%d,priority=%d,%s", f.Table, f.Priority, f.Match), ",")
	return match + " actions=" + f.Instructions.String()
}

func (f *Flow) mod(command openflow.FlowModCommand) *openflow.FlowMod {
	m := &openflow.FlowMod{Command: command, TableID: f.Table, Priority: f.Priority, Match: f.Match}
	if command == openflow.FlowAdd {
		m.Cookie, m.Instructions = Cookie, f.Instructions
	}
	return m
}

// Meter limits frames.
type Meter struct {
	ID   uint32
	Rate uint32 // frames per second, as many at once; of [Input] 1000 bits per second
	Most uint32 // of Input: 1000 bits at once; 0 for those of a second
	Kind Kind
	Port string   // of /ports
	Path []string // what in the configuration it is for
}

func (m *Meter) mod(command openflow.MeterCommand) *openflow.MeterMod {
	mod := &openflow.MeterMod{Command: command, MeterID: m.ID}
	if command != openflow.MeterDelete {
		mod.Flags = openflow.MeterInPktps | openflow.MeterWithStats
		mod.Bands = []openflow.MeterBand{{Type: openflow.MeterDrop, Rate: m.Rate, Burst: m.Most}}
	}
	if mod.Flags != 0 && m.bits() {
		mod.Flags ^= openflow.MeterInPktps | openflow.MeterInKbps
	}
	if m.Most > 0 {
		mod.Flags |= openflow.MeterWithBurst
	}
	return mod
}

// Set is all that br-switch should hold.
type Set struct {
	Flows  []Flow
	Meters []Meter
}

// builder gathers a set.
type builder struct {
	set   Set
	facts Facts
	ports []port
}

// flow adds one. Match and instructions are copied.
func (b *builder) flow(table uint8, priority uint16, m *openflow.Match, l openflow.Instructions, path ...string) {
	b.set.Flows = append(b.set.Flows, Flow{table, priority, bytes.Clone(m.View()), bytes.Clone(l), path})
}

// to adds a flow that goes on in another table.
func (b *builder) to(table uint8, priority uint16, m *openflow.Match, next uint8, path ...string) {
	b.flow(table, priority, m, openflow.Instructions(nil).GotoTable(next), path...)
}

// drop adds a flow that ends there.
func (b *builder) drop(table uint8, priority uint16, m *openflow.Match, path ...string) {
	b.flow(table, priority, m, nil, path...)
}
