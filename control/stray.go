// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// stray does what is to be done with a segment of a TCP connection that the switch does
// not know and which it does not open; dec is about it as one of who opened. By its ports
// it is that, or it is an answer; or it may be both, and then goes on only if it may as
// either. A flow then does the same with all that are like it.
func (d *datapath) stray(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	answer, may := p.Resumed()
	switch {
	case may:
	case dec.Verdict == decide.Allow:
		return d.plug(v, p, dec, frame)
	default:
		return d.refuse(v, p, dec, frame)
	}
	var as decide.Decision
	d.hub.cfg.Decide(v, &answer, &as)
	dec.Answer = as.Class
	either := dec.Verdict == decide.Allow || p.Answers()
	if either && as.Verdict == decide.Allow {
		return d.resume(v, p, dec, &as, frame)
	}
	if dec.Verdict == decide.Allow {
		dec.DenyAs(&as)
	}
	return d.refuse(v, p, dec, frame)
}

// resume lets through, on this chassis, what is or may be an answer in a connection that the
// switch has forgotten, and what is like it. It does not make the connection known: one
// that is known the wrong way round would outlive the permission for it. It returns false
// when one of the two decisions, about the segment as one of who opened and as an answer,
// fell meanwhile.
func (d *datapath) resume(v *view.View, p *decide.Packet, dec, as *decide.Decision, frame []byte) bool {
	d.notes(as)
	if from, to := as.Source, as.Destination; from.Chassis != to.Chassis && from.Network != to.Network {
		d.hub.needPeers(from.Chassis, to.Chassis)
	}
	b := d.session.Begin()
	if !d.hub.holds(v, dec) || !d.hub.holds(v, as) {
		d.session.EndQuietly(b)
		return false
	}
	d.notes(as) // once more, as in inspect
	leg := pipeline.LegOf(as, d.id)
	b = pipeline.AppendStrays(b, 0, d.round, &leg, dec.Class.Half(p.DestinationPort), as.Class.Half(p.SourcePort))
	b = pipeline.AppendPass(b, 0, &leg, false, p.Port, frame)
	d.session.EndQuietly(b)
	d.hub.counters.Resumed.Add(1)
	d.counted(as, frame, false)
	return true
}
