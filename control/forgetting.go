// SPDX-License-Identifier: Apache-2.0

package control

import (
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// forgettings is after which times a switch is told once more to forget the
// connections of what fell. Flows that are deleted go on in its datapath's cache until
// its revalidators have been there, some milliseconds later, or many on a busy host;
// a packet in that moment makes its connection known anew.
var forgettings = [...]time.Duration{250 * time.Millisecond, time.Second, 5 * time.Second}

// forgetAgain has the switch told at all of these times, as long as its session lasts.
func (d *datapath) forgetAgain(fallen []pipeline.Standing) {
	if len(fallen) == 0 {
		return
	}
	for _, after := range forgettings {
		d.errands.after(after, func() { d.forgetFallen(fallen) })
	}
}

// forgetFallen has the switch forget the connections of those that are still not
// allowed.
func (d *datapath) forgetFallen(fallen []pipeline.Standing) {
	var still []pipeline.Standing
	d.inView(len(fallen), func(v *view.View, from, to int) {
		still = still[:0]
		for i := from; i < to; i++ {
			if d.hub.cfg.Judge(v, &fallen[i]) == Falls {
				still = append(still, fallen[i])
			}
		}
	}, func(b []byte, v *view.View, _ bool) []byte { return appendFlush(b, v, still) })
}

// probeFlush asks whether the switch can be told to forget connections. The answer
// is there before that to any later request.
func (d *datapath) probeFlush() {
	d.session.Try(pipeline.AppendFlushProbe, func(err error) {
		d.flushes.Store(err == nil)
		if err != nil {
			d.hub.cfg.Log.Warn("switch cannot be told to forget connections: those that policy revokes are cut by flows, and stay known until they time out",
				"chassis", d.id, "error", err.Error(), "needs", "Open vSwitch 3.1")
		}
	})
}

// forget appends what makes the switch forget the connections of an endpoint that
// went from where it was; nil was nowhere. They are those of its own zone, at home; with
// a face alone its endpoint's stay. In the zones of those with whom it had others they
// time out: no flow lets them through, and to find them by the address would take along
// what other people of the host have with one that is like it.
func (d *datapath) forget(b []byte, e *linkspan.Endpoint) []byte {
	if e == nil || !e.Attached() || e.Chassis != d.id || view.IsFace(e) || !d.tracks.Load() || !d.flushes.Load() {
		return b
	}
	return pipeline.AppendEmptyZone(b, 0, pipeline.Zone(e))
}

// emptyZones appends what makes the switch forget the connections of endpoints that
// went while it was away: those that it has guards for, and is to have none.
func (d *datapath) emptyZones(b []byte, guards map[uint64]bool, want []pipeline.Flow) []byte {
	for i := range want {
		if want[i].Kind == pipeline.KindEndpoint {
			delete(guards, want[i].Object)
		}
	}
	for object := range guards {
		if d.flushes.Load() {
			b = pipeline.AppendEmptyZone(b, 0, pipeline.ZoneOfGuard(object))
		}
	}
	return b
}
