// SPDX-License-Identifier: Apache-2.0

package control

import (
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// FlowRemoved counts, and tells who watches. Nothing depends on it: a switch
// does not keep it for a controller that is away.
func (d *datapath) FlowRemoved(m openflow.Message) {
	d.hub.counters.FlowsRemoved.Add(1)
	var f openflow.FlowRemoved
	if !d.hub.watchers.some.Load() || f.Decode(m) != nil || pipeline.Cookie(f.Cookie).Kind() != pipeline.KindRoute {
		return
	}
	p, ok := pipeline.Recognize(f.TableID, f.Priority, f.Match)
	if !ok || p.Arrives {
		return
	}
	from, to := p.EndsBy(pipeline.Cookie(f.Cookie), d.hub.View())
	d.hub.watchers.tell(RouteEvent{
		Kind: Unplugged, Network: from.Network, ToNetwork: to.Network, From: p.From, To: p.To, Chassis: d.id,
		Reason: removedText(f.Reason), Packets: f.Packets, Bytes: f.Bytes,
		Duration: time.Duration(f.DurationSec)*time.Second + time.Duration(f.DurationNsec),
	})
}

func removedText(r openflow.RemovedReason) string {
	switch r {
	case openflow.RemovedIdleTimeout:
		return "idle"
	case openflow.RemovedDelete:
		return "what it rested on changed"
	}
	return r.String()
}
