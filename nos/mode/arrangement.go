// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
)

// arrangement is who decides about what at a moment: what is wished, as far as it has
// come to be.
type arrangement struct {
	wish   *wish
	fallen bool // without a controller, what is its is the switch's
	// held is who decides about what is being changed until that is prepared, nil when nothing is.
	held   map[zone]dispatch.Mode
	shadow bool // what is to become the controller's is copied to it
}

// zone is a VLAN on a port.
type zone struct {
	port string
	vlan uint16
}

// at returns who decides about a VLAN on a port.
func (a *arrangement) at(p *port, v *vlan) dispatch.Mode {
	if m, ok := a.held[zone{p.name, v.id}]; ok {
		return m
	}
	m := a.wish.at(p, v)
	if a.fallen && m == dispatch.SDN {
		return dispatch.Traditional
	}
	return m
}

// watches says whether the hosts of a VLAN are to be known: whoever decides between them, the
// containers of its network reach them by the fabric.
func (v *vlan) watches() bool { return v.network != "" }

// zones returns who decides about each VLAN on each port that carries it.
func (a *arrangement) zones() map[zone]dispatch.Mode {
	all := make(map[zone]dispatch.Mode)
	for i := range a.wish.ports {
		p := &a.wish.ports[i]
		for j := range a.wish.vlans {
			v := &a.wish.vlans[j]
			if passes, _ := p.carries(v.id); passes {
				all[zone{p.name, v.id}] = a.at(p, v)
			}
		}
	}
	return all
}

// changes returns what becomes the controller's, and what ceases to be, of what there
// is in both arrangements.
func changes(from, to *arrangement) (become, cease []zone) {
	after := to.zones()
	for z, was := range from.zones() {
		is, there := after[z]
		switch {
		case !there || is == was:
		case is == dispatch.SDN:
			become = append(become, z)
		case was == dispatch.SDN:
			cease = append(cease, z)
		}
	}
	return become, cease
}

// about returns the VLANs of zones.
func about(zones []zone) []uint16 {
	var ids []uint16
	for _, z := range zones {
		ids = append(ids, z.vlan)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// state returns what the flows are made of.
func (a *arrangement) state(known []*station, d devices, networks map[string]linkspan.Network) *dispatch.State {
	s := new(dispatch.State)
	for i := range a.wish.vlans {
		if v := &a.wish.vlans[i]; v.watches() {
			s.VLANs = append(s.VLANs, a.vlan(v, d, networks))
		}
	}
	for _, h := range known {
		if st, ok := a.station(h, d); ok {
			s.Stations = append(s.Stations, st)
		}
	}
	s.Gates = a.gates(d)
	return s
}

func (a *arrangement) vlan(v *vlan, d devices, networks map[string]linkspan.Network) dispatch.VLAN {
	out := dispatch.VLAN{ID: v.id, Subnet: networks[v.network].Subnet, Subnet6: networks[v.network].Subnet6, Ports: make(map[uint32]dispatch.Mode)}
	if out.Mode = a.at(new(port), v); out.Mode == dispatch.Foreign {
		out.Mode = dispatch.Traditional // its gates stand above
	}
	for i := range a.wish.ports {
		p := &a.wish.ports[i]
		m := a.at(p, v)
		if passes, _ := p.carries(v.id); !passes || m == out.Mode {
			continue
		}
		for _, name := range p.devices {
			if is, there := d[name]; there {
				out.Ports[is.number] = m
			}
		}
	}
	if own, there := d[ownInterface(v.id)]; there && len(v.addresses) > 0 {
		out.Interface = dispatch.Interface{Port: own.number, MAC: own.mac, Addresses: v.addresses}
	}
	return out
}

// station returns a host as flows know it; ok is false when there is no way to it.
func (a *arrangement) station(h *station, d devices) (s dispatch.Station, ok bool) {
	p, v := a.wish.of(h.device), a.wish.vlan(h.vlan)
	if p == nil || v == nil || !v.watches() {
		return s, false
	}
	passes, tagged := p.carries(h.vlan)
	s = dispatch.Station{
		VLAN: h.vlan, Address: h.address, MAC: h.mac, Port: d.way(p, h.device), Tagged: tagged,
		Shadow: a.shadow && a.at(p, v) == dispatch.Traditional && a.wish.at(p, v) == dispatch.SDN,
	}
	if h.six {
		s.Address6 = h.address6
	}
	if h.plugged {
		s.Patch = d[switchEnd(h.number)].number
	}
	return s, passes && s.Port != 0
}
