// SPDX-License-Identifier: Apache-2.0

package control

import (
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/wire/packet"
)

// expire tells the source of a packet that its time is exceeded, from the
// address of the hop where that happened, at the source's own port: so no
// route to the hop is needed. RFC 1122, 3.2.2 says when that must not be done.
func (d *datapath) expire(dec *decide.Decision, frame []byte) {
	home := d.hub.datapath(dec.Source.Chassis)
	var p packet.Packet
	_ = packet.Parse(frame, &p) // whether it can be answered is asked below
	from := packet.ErrorSource{MAC: pipeline.RouterMAC(), Addr: dec.Hop.Underlay}
	answer, err := packet.AppendTimeExceeded(nil, &p, from)
	if err != nil || home == nil {
		d.hub.counters.Ignored.Add(1)
		return
	}
	copy(answer, dec.Source.MAC[:]) // a packet from the tunnel does not bear it
	home.session.End(pipeline.AppendEmit(home.session.Begin(), 0, dec.Source.Port, answer))
	d.hub.counters.Expired.Add(1)
}
