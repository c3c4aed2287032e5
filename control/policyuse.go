// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// PolicyUse asks all switches for what their flows count, and returns what each
// policy has decided about. What chassis count that are away, or do not answer before
// ctx is done, is in it as far as they last told; they are in missing, not to be changed.
// Who asks while another does gets the answer of one that began after he came.
func (h *Hub) PolicyUse(ctx context.Context) (use map[linkspan.PolicyID]PolicyUse, missing []linkspan.ChassisID) {
	if h.View().CountPolicies() == 0 {
		return nil, nil
	}
	missing, ok := h.uses.get(ctx, 0, func() []linkspan.ChassisID {
		return h.askAll(ctx, func(d *datapath, turn *asking) error { return d.askUse(ctx, turn) })
	})
	if !ok {
		missing = h.allChassis()
	}
	return h.tally.use(), missing
}

// askUse asks a switch what its flows count.
func (d *datapath) askUse(ctx context.Context, turn *asking) error {
	sums := make(map[linkspan.PolicyID]traffic)
	err := turn.dump(ctx, d.session, settling, pipeline.RuledFlows(), func(body []byte) (err error) {
		var f openflow.FlowStats
		for len(body) > 0 {
			if body, err = f.Next(body); err != nil {
				return err
			}
			addFlow(sums, &f)
		}
		return nil
	})
	if err == nil {
		d.hub.tally.take(d.id, d.number, sums)
	}
	return err
}

// addFlow adds what a flow counts for its policy.
func addFlow(sums map[linkspan.PolicyID]traffic, f *openflow.FlowStats) {
	if p := pipeline.CountsFor(pipeline.Cookie(f.Cookie), f.TableID); p != 0 {
		sums[p] = sums[p].plus(trafficOf(f.Packets, f.Bytes))
	}
}

// counted counts a packet of which dec is, on the chassis from which it goes. met says
// that it takes the tables again, where a flow counts it.
func (d *datapath) counted(dec *decide.Decision, frame []byte, met bool) {
	p, _ := dec.Counted()
	if p == nil {
		return
	}
	if met {
		frame = nil
	}
	d.hub.tally.decided(p, len(frame))
}
