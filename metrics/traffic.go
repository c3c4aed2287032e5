// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"encoding/binary"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/storm"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Traffic reads for storm control what a bridge counts of ports.
type Traffic struct{ Bridge Bridge }

var _ storm.Traffic = Traffic{}

// Read asks the bridge three things for each port, all at once, and a fourth of one
// that has IPv6.
func (t Traffic) Read(ctx context.Context, ports []storm.Port) ([]storm.Reading, error) {
	readings := make([]storm.Reading, len(ports))
	questions := make([]ovs.Question, 0, 4*len(ports))
	for i := range ports {
		r := &readings[i]
		r.Routes, r.Denied = make(map[string]uint64), make(map[netip.Addr]uint64)
		e := linkspan.Endpoint{Network: ports[i].Network, Address: ports[i].Address, Port: ports[i].Number}
		routed := func(f *openflow.FlowStats) { r.Routes[flowKey(f)] = f.Packets }
		if face := e; ports[i].Address6.IsValid() {
			face.Address = ports[i].Address6
			questions = append(questions, ask(pipeline.RoutedFrom(&face), routed))
		}
		questions = append(questions,
			ask(pipeline.ArrivedFrom(&e), func(f *openflow.FlowStats) { r.Arrived += f.Packets }),
			ask(pipeline.RoutedFrom(&e), routed),
			ask(pipeline.DeniedIn(e.Network), func(f *openflow.FlowStats) {
				if to, ok := pipeline.DeniedTo(f); ok {
					r.Denied[to] += f.Packets
				}
			}))
	}
	return readings, t.Bridge.Ask(ctx, questions...)
}

// ask makes a question of which each flow of the answer is told.
func ask(request *openflow.FlowRequest, each func(*openflow.FlowStats)) ovs.Question {
	return ovs.Question{Request: request, Each: func(body []byte) (err error) {
		var f openflow.FlowStats
		for len(body) > 0 {
			if body, err = f.Next(body); err != nil {
				return err
			}
			each(&f)
		}
		return nil
	}}
}

// flowKey tells the flows of a table apart.
func flowKey(f *openflow.FlowStats) string {
	return string(append(binary.BigEndian.AppendUint16(nil, f.Priority), f.Match...))
}
