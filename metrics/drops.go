// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"cmp"
	"context"
	"slices"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Bridge is what is asked of Open vSwitch; see [ovs.Switch].
type Bridge interface {
	Ports(ctx context.Context) ([]ovs.PortStatus, error)
	Ask(ctx context.Context, questions ...ovs.Question) error
}

var _ Bridge = (*ovs.Switch)(nil)

// FlowDrops is what the flows of one table drop for one reason.
type FlowDrops struct {
	pipeline.Drop
	Flows   int
	Packets uint64
}

// MeterDrops is what a meter let pass and dropped, in packets.
type MeterDrops struct {
	pipeline.MeterUse
	Packets uint64 // that came
	Dropped uint64 // of these
}

// Drops is what a bridge drops, in order of table and reason, and of port.
type Drops struct {
	Flows  []FlowDrops
	Meters []MeterDrops
}

// ReadDrops asks a bridge for its counters of drops.
func ReadDrops(ctx context.Context, b Bridge) (Drops, error) {
	var d Drops
	questions := []ovs.Question{{Request: &openflow.MeterRequest{MeterID: openflow.MeterAll}, Each: d.meters}}
	for _, r := range pipeline.DropsIn() {
		questions = append(questions, ovs.Question{Request: r, Each: d.flows})
	}
	err := b.Ask(ctx, questions...)
	slices.SortFunc(d.Flows, func(a, b FlowDrops) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(d.Meters, func(a, b MeterDrops) int { return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.What, b.What)) })
	return d, err
}

func (d *Drops) meters(body []byte) (err error) {
	var m openflow.MeterStats
	for len(body) > 0 {
		if body, err = m.Next(body); err != nil {
			return err
		}
		use, ok := pipeline.UseOf(m.MeterID)
		if !ok {
			continue
		}
		found := MeterDrops{MeterUse: use, Packets: m.Packets}
		for _, band := range m.Bands {
			found.Dropped += band.Packets
		}
		d.Meters = append(d.Meters, found)
	}
	return nil
}

func (d *Drops) flows(body []byte) (err error) {
	var f openflow.FlowStats
	for len(body) > 0 {
		if body, err = f.Next(body); err != nil {
			return err
		}
		if drop, ok := pipeline.DropOf(&f); ok {
			d.add(drop, f.Packets)
		}
	}
	return nil
}

func (d *Drops) add(drop pipeline.Drop, packets uint64) {
	i := slices.IndexFunc(d.Flows, func(f FlowDrops) bool { return f.Drop == drop })
	if i < 0 {
		i = len(d.Flows)
		d.Flows = append(d.Flows, FlowDrops{Drop: drop})
	}
	d.Flows[i].Flows++
	d.Flows[i].Packets += packets
}
