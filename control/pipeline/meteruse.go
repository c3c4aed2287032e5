// SPDX-License-Identifier: Apache-2.0

package pipeline

// MeterUse is what a meter limits.
type MeterUse struct {
	Port uint32 // OpenFlow number
	What string // punt: to the controller; arp: to the ARP responder
}

// UseOf says what the meter of a number is for; ok is false when it is not one
// that this package gives.
func UseOf(meter uint32) (u MeterUse, ok bool) {
	if !Ours(meter) {
		return u, false
	}
	if meter > meterARP {
		return MeterUse{meter - meterARP, "arp"}, true
	}
	return MeterUse{meter, "punt"}, true
}

// PuntRate returns how many packets a second meters of this package let through
// to the controller; others do not count.
func PuntRate(meters map[uint32]Meter) (rate int64) {
	for id, m := range meters {
		if u, ok := UseOf(id); ok && u.What == "punt" {
			rate += int64(m.Rate)
		}
	}
	return rate
}
