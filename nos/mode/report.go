// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"slices"
	"time"
)

// Report is who decides, for people: show control.
type Report struct {
	Mode       string        `json:"mode"`               // as configured
	FallenBack bool          `json:"fallen_back"`        // without a controller the switch decides itself
	Controller bool          `json:"controller"`         // of the fabric, whether it is there
	Since      time.Time     `json:"since"`              // that it is, or is not
	Zones      []ReportZone  `json:"zones,omitempty"`    // what is not the switch's alone
	Stations   []ReportHost  `json:"stations,omitempty"` // hosts that are known
	Foreign    []ReportGuest `json:"foreign,omitempty"`  // other controllers
	Recent     []Change      `json:"recent,omitempty"`   // the last changes
}

// ReportZone is a VLAN on a port.
type ReportZone struct {
	Port    string `json:"port"`
	VLAN    uint16 `json:"vlan"`
	Mode    string `json:"mode"` // who decides at the moment
	Network string `json:"network,omitempty"`
}

// ReportHost is a host.
type ReportHost struct {
	VLAN    uint16    `json:"vlan"`
	Address string    `json:"address"`
	Second  string    `json:"address6,omitempty"` // of IPv6
	MAC     string    `json:"mac"`
	Port    string    `json:"port"`
	Number  uint32    `json:"number,omitempty"`  // of its port on br-link; 0: the fabric does not have it
	Heard   time.Time `json:"heard"`             // when it was last heard of, or asked and answered
	Claimed string    `json:"claimed,omitempty"` // the MAC address of another that says that the address is its
}

// ReportGuest is a foreign controller.
type ReportGuest struct {
	Name   string `json:"name"`
	Bridge string `json:"bridge"`
	Target string `json:"target"`
}

// Report returns who decides about what.
func (k *Keeper) Report() Report {
	connected, since := k.connected()
	k.mu.Lock()
	defer k.mu.Unlock()
	r := Report{Mode: k.is.wish.mode, FallenBack: k.is.fallen, Controller: connected, Since: since, Recent: slices.Clone(k.recent)}
	for i := range k.is.wish.ports {
		p := &k.is.wish.ports[i]
		for j := range k.is.wish.vlans {
			v := &k.is.wish.vlans[j]
			passes, _ := p.carries(v.id)
			if m := k.is.at(p, v); passes && (v.watches() || m.String() == "foreign") {
				r.Zones = append(r.Zones, ReportZone{p.name, v.id, m.String(), v.network})
			}
		}
	}
	for _, s := range k.hosts.list() {
		h := ReportHost{VLAN: s.vlan, Address: s.address.String(), MAC: s.mac.String(), Port: s.device, Heard: s.heard}
		if s.address6.IsValid() {
			h.Second = s.address6.String()
		}
		if s.plugged {
			h.Number = s.number
		}
		if s.rival != nil {
			h.Claimed = s.rival.mac.String()
		}
		r.Stations = append(r.Stations, h)
	}
	for i, f := range k.is.wish.foreign {
		r.Foreign = append(r.Foreign, ReportGuest{f.name, GuestBridge(i), f.address.String()})
	}
	return r
}
