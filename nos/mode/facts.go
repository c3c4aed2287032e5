// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// device is an interface of br-switch as the bridge shows it.
type device struct {
	number uint32
	mac    linkspan.MAC
	up     bool // it has carrier
}

// devices are the interfaces of br-switch by their names.
type devices map[string]device

// note takes in what the bridge says of an interface.
func (d devices) note(p *openflow.Port, gone bool) {
	if gone {
		delete(d, p.Name())
		return
	}
	d[p.Name()] = device{p.Number, linkspan.MAC(p.HWAddr), p.State&openflow.PortStateDown == 0 && p.Config&openflow.PortConfigDown == 0}
}

// named returns the name of the interface with a number, "" if there is none.
func (d devices) named(number uint32) string {
	for name, is := range d {
		if is.number == number {
			return name
		}
	}
	return ""
}

// way returns the number by which a host is reached that was heard at a device: of a bond that
// of another member while the device is down. It is 0 when there is none.
func (d devices) way(p *port, name string) uint32 {
	is, there := d[name]
	if there && is.up || p == nil {
		return is.number
	}
	for _, other := range p.devices {
		if o, ok := d[other]; ok && o.up {
			return o.number
		}
	}
	return is.number
}
