// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Meter limits how many packets a second one port may send to the controller,
// or to the ARP responder, which runs in the switch's slow path.
type Meter struct {
	ID    uint32
	Rate  uint32 // packets a second
	Burst uint32 // packets
}

// meterARP is added to a port's number for its meter for ARP. Both meters stay
// below 200000, the limit of the kernel's datapath.
const meterARP = 1 << 17

// What a port may send: to the controller, to the responder, and, by each
// transport, from all other chassis together to the controller.
const (
	puntRate, puntBurst       = 500, 200
	arpRate, arpBurst         = 100, 50
	arrivalRate, arrivalBurst = 4000, 1000
)

func puntMeter(port uint32) Meter { return Meter{port, puntRate, puntBurst} }
func arpMeter(port uint32) Meter  { return Meter{meterARP + port, arpRate, arpBurst} }

// arrivalMeter is that of a port where other chassis' packets come in.
func arrivalMeter(port uint32) Meter { return Meter{port, arrivalRate, arrivalBurst} }

// meterFlags: packets a second, with a burst and counters.
const meterFlags = openflow.MeterInPktps | openflow.MeterWithBurst | openflow.MeterWithStats

// Append appends a message that does cmd to the meter. Meters are not allowed
// in bundles; deleting one deletes the flows that use it.
func (m Meter) Append(b []byte, xid uint32, cmd openflow.MeterCommand) []byte {
	mod := openflow.MeterMod{Command: cmd, Flags: meterFlags, MeterID: m.ID}
	if cmd == openflow.MeterDelete {
		mod.Flags = 0
		return mod.Append(b, xid)
	}
	mod.Bands = []openflow.MeterBand{{Type: openflow.MeterDrop, Rate: m.Rate, Burst: m.Burst}}
	return mod.Append(b, xid)
}

// Ours says whether a meter number is one that this package gives.
func Ours(meter uint32) bool {
	return meter >= 1 && meter <= linkspan.GatewayPort ||
		meter > meterARP && meter <= meterARP+linkspan.GatewayPort
}

// MeterOf reads a dumped meter; ok is false when it is not of the form that
// this package gives meters.
func MeterOf(c *openflow.MeterConfig) (m Meter, ok bool) {
	m.ID = c.MeterID
	if c.Flags != meterFlags || len(c.Bands) != 1 || c.Bands[0].Type != openflow.MeterDrop {
		return m, false
	}
	m.Rate, m.Burst = c.Bands[0].Rate, c.Bands[0].Burst
	return m, true
}
