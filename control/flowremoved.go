// SPDX-License-Identifier: Apache-2.0

package control

import (
	"time"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/openflow"
)

// FlowRemoved counts, and tells who watches. Nothing but what is counted depends on it:
// a switch does not keep it for a controller that is away.
func (d *datapath) FlowRemoved(m openflow.Message) {
	d.hub.counters.FlowsRemoved.Add(1)
	var f openflow.FlowRemoved
	if f.Decode(m) != nil {
		return
	}
	p := pipeline.CountsFor(pipeline.Cookie(f.Cookie), f.TableID)
	if p != 0 && d.ending.first(f.Cookie, f.TableID, f.Priority, f.Match) {
		d.hub.tally.removed(d.id, p, trafficOf(f.Packets, f.Bytes))
	}
	if !d.hub.watchers.some.Load() || !begins(pipeline.Cookie(f.Cookie).Kind()) {
		return
	}
	route, ok := pipeline.Recognize(f.TableID, f.Priority, f.Match)
	if !ok || route.Arrives || route.Part != pipeline.Whole {
		return
	}
	from, to := route.EndsBy(pipeline.Cookie(f.Cookie), d.hub.View())
	d.hub.watchers.tell(RouteEvent{
		Kind: Unplugged, Network: from.Network, ToNetwork: to.Network, From: route.From, To: route.To, Chassis: d.id,
		Tracked: pipeline.Cookie(f.Cookie).Kind() == pipeline.KindTracked,
		Reason:  removedText(f.Reason), Packets: f.Packets, Bytes: f.Bytes,
		Duration: time.Duration(f.DurationSec)*time.Second + time.Duration(f.DurationNsec),
	})
}

// begins says whether flows of a kind take all packets between their ends.
func begins(k pipeline.Kind) bool { return k == pipeline.KindRoute || k == pipeline.KindTracked }

func removedText(r openflow.RemovedReason) string {
	switch r {
	case openflow.RemovedIdleTimeout:
		return "idle"
	case openflow.RemovedDelete:
		return "what it rested on changed"
	}
	return r.String()
}
