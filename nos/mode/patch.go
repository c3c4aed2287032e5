// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
)

// The external ids of a station's patch: what a next process knows it by.
const (
	idStation = "linkspan-station" // VLAN and address
	idMAC     = "linkspan-mac"
	idDevice  = "linkspan-port"
	idNetwork = "linkspan-network"
	idSix     = "linkspan-address6"
)

// switchEnd and linkEnd name the two ends of the patch of the host with a number.
func switchEnd(number uint32) string { return switchPrefix + strconv.FormatUint(uint64(number), 10) }
func linkEnd(number uint32) string   { return "lsm" + strconv.FormatUint(uint64(number), 10) }

const switchPrefix = "lsn"

// Labels that a host has in the fabric, for policies.
const (
	LabelPort = "linkspan.port"
	LabelVLAN = "linkspan.vlan"
)

// id names a host as an endpoint, and name is what people and other endpoints of its
// network call it.
func (s *station) id() string   { return fmt.Sprintf("station-%d-%s", s.vlan, s.address) }
func (s *station) name() string { return nameOf(s.address) }

// nameOf returns what a host with an address is called, on whatever switch.
func nameOf(a netip.Addr) string { return "host-" + strings.ReplaceAll(a.String(), ".", "-") }

// isHost says whether a name is one that nameOf gives.
func isHost(name string) bool {
	text, is := strings.CutPrefix(name, "host-")
	a, err := netip.ParseAddr(strings.ReplaceAll(text, "-", "."))
	return is && err == nil && nameOf(a) == name
}

// endpoint returns a host as an endpoint of the fabric.
func (s *station) endpoint() linkspan.Endpoint {
	return linkspan.Endpoint{
		Network: s.of, Address: s.address, ID: s.id(), MAC: s.mac, Port: s.number, Created: s.created, Container: s.name(),
		Address6: s.address6, Labels: map[string]string{LabelPort: s.device, LabelVLAN: strconv.Itoa(int(s.vlan))},
	}
}

// joint returns the two ends of a host's patch.
func (s *station) joint() ovs.Joint {
	ids := map[string]string{
		idStation: fmt.Sprintf("%d %s", s.vlan, s.address), idMAC: s.mac.String(), idDevice: s.device, idNetwork: s.of.String(),
	}
	if s.address6.IsValid() {
		ids[idSix] = s.address6.String()
	}
	return ovs.Joint{
		Here:  ovs.Port{Name: switchEnd(s.number), ExternalIDs: ids},
		There: ovs.Port{Name: linkEnd(s.number), OFPort: s.number, ExternalIDs: ids},
	}
}

// recall takes over the hosts that a process before has plugged. It is called before flows
// are written for the first time.
func (k *Keeper) recall(ctx context.Context) error {
	k.mu.Lock()
	done := k.recalled
	k.mu.Unlock()
	if done {
		return nil
	}
	ports, err := k.options.Ports.Ports(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range ports {
		if s, ok := recalled(&ports[i]); ok && k.hosts.all[s.place] == nil {
			k.hosts.all[s.place] = s
			k.hold(s)
		}
	}
	k.recalled = true
	return nil
}

// hold has nobody else get a host's number. k.mu is held.
func (k *Keeper) hold(s *station) {
	if k.link != nil && s.number != 0 {
		k.link.Numbers.Hold(s.id(), s.number)
	}
}

// recalled reads what ends wrote.
func recalled(p *ovs.PortStatus) (*station, bool) {
	id, address, ok := strings.Cut(p.ExternalIDs[idStation], " ")
	if !ok {
		return nil, false
	}
	s := &station{sighting: sighting{device: p.ExternalIDs[idDevice]}, heard: time.Now(), created: time.Now(), plugged: true}
	vlan, err := strconv.ParseUint(id, 10, 12)
	number, bad := strconv.ParseUint(strings.TrimPrefix(p.Name, switchPrefix), 10, 16)
	network, unknown := linkspan.ParseNetworkID(p.ExternalIDs[idNetwork])
	s.vlan, s.number, s.of = uint16(vlan), uint32(number), network
	if six := p.ExternalIDs[idSix]; six != "" && s.address6.UnmarshalText([]byte(six)) == nil {
		s.six = true
	}
	err = errors.Join(err, bad, unknown, s.address.UnmarshalText([]byte(address)), s.mac.UnmarshalText([]byte(p.ExternalIDs[idMAC])))
	return s, err == nil
}
