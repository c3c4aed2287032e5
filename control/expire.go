// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/packet"
)

// What a chassis gets of such answers because of what other chassis report: a
// second, and at once.
const expireRate, expireBurst = 1000, 200

// expire tells the source of a packet that its time is exceeded, from the
// address of the hop where that happened, at the source's own port: so no
// route to the hop is needed. RFC 1122, 3.2.2 says when that must not be done.
func (d *datapath) expire(p *decide.Packet, dec *decide.Decision, frame []byte) {
	home := d.hub.datapath(dec.Source.Chassis)
	if p.Arrived() && !d.believed(home, dec.Source) {
		d.hub.counters.Ignored.Add(1)
		return
	}
	d.answerExpired(home, dec, frame)
}

// believed says whether a source may be told of a packet that is said to have
// come from it through the tunnel: only a route brings it here, and a chassis
// that reports more than routes can bring is not to flood another.
func (d *datapath) believed(home *datapath, source *linkspan.Endpoint) bool {
	return home != nil && d.hub.index.routed(source, d.id) && home.expired.take(expireRate, expireBurst)
}

func (d *datapath) answerExpired(home *datapath, dec *decide.Decision, frame []byte) {
	var p packet.Packet
	_ = packet.Parse(frame, &p) // whether it can be answered is asked below
	from := packet.ErrorSource{MAC: pipeline.RouterMAC(), Addr: decide.Visible(dec.Hop, dec.Source.Address.Is4())}
	answer, err := packet.AppendTimeExceeded(nil, &p, from)
	if err != nil || home == nil {
		d.hub.counters.Ignored.Add(1)
		return
	}
	copy(answer, dec.Source.MAC[:]) // a packet from the tunnel does not bear it
	home.session.End(pipeline.AppendEmit(home.session.Begin(), 0, dec.Source.Out(), answer))
	d.hub.counters.Expired.Add(1)
}
