// SPDX-License-Identifier: Apache-2.0

package control

import (
	"sync"

	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// How many packets of a chassis, and of one of its ports, are told that they are
// rejected: a second, and at once. So a port that has used up its part leaves others
// theirs.
const (
	rejectRate, rejectBurst         = 1000, 200
	rejectPortRate, rejectPortBurst = 100, 50
)

// rejections bounds the answers to what policies reject. The zero value is ready; its
// methods may be called concurrently.
type rejections struct {
	all   bucket
	mu    sync.Mutex
	ports map[uint32]*bucket
}

// maxRejecting bounds the ports that are kept, which are never taken out one by one.
const maxRejecting = 4096

// take says whether a packet of a port may be answered.
func (r *rejections) take(port uint32) bool {
	return r.of(port).take(rejectPortRate, rejectPortBurst) && r.all.take(rejectRate, rejectBurst)
}

func (r *rejections) of(port uint32) *bucket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ports[port] == nil {
		if r.ports == nil || len(r.ports) == maxRejecting {
			r.ports = make(map[uint32]*bucket) // all are full again: what all of them get is bounded anyhow
		}
		r.ports[port] = new(bucket)
	}
	return r.ports[port]
}

// refuse does what was decided about a packet that is not let through: one that a
// policy rejects is answered, as long as there are not too many; else it is dropped
// with those like it.
func (d *datapath) refuse(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	if dec.Reason != decide.PolicyRejects || p.Arrived() || p.Entered() || !d.rejected.take(p.Port) {
		return d.deny(v, p, dec, frame)
	}
	return d.reject(v, p, dec, frame)
}

// reject tells the sender of a packet, in the name of whom it is to, that an
// administrator does not want it (RFC 1812, 5.2.7.1). No flow is plugged, so that later
// packets are told, too. It returns false when the decision fell meanwhile.
func (d *datapath) reject(v *view.View, p *decide.Packet, dec *decide.Decision, frame []byte) bool {
	var parsed packet.Packet
	_ = packet.Parse(frame, &parsed) // whether it can be answered is asked below
	from := packet.ErrorSource{MAC: pipeline.RouterMAC(), Addr: p.Destination}
	answer, err := packet.AppendUnreachable(nil, &parsed, from, packet.Prohibited)
	if err != nil { // RFC 1122, 3.2.2 says when there may be none
		return d.deny(v, p, dec, frame)
	}
	b := d.session.Begin()
	holds := d.hub.holds(v, dec)
	if holds && p.Probe == 0 { // whoever probes is told otherwise
		b = pipeline.AppendEmit(b, 0, dec.Source.Out(), answer)
		d.hub.counters.Rejected.Add(1)
	}
	d.session.EndQuietly(b)
	if !holds {
		return false
	}
	d.counted(dec, frame, false)
	if d.hub.watchers.some.Load() && d.hub.told.first(d.id, dec) {
		d.hub.watchers.denied(p, dec, dec.Reason)
	}
	return true
}
