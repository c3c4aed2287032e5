// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"bytes"
	"log/slog"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
)

// The times of hosts.
const (
	askAfter   = 30 * time.Second // of silence a host is asked whether it is there
	askAgain   = time.Second      // that long after it was asked in vain
	forget     = 5 * time.Minute  // of silence, and it is none any more
	retryAfter = 2 * time.Second  // a host that the fabric did not take is tried again
	maxAsked   = 100              // hosts asked in one beat
	fullAgain  = time.Minute      // between two warnings that a port has too many hosts

	startOfOthers = 2 * time.Second  // that other switches have to make an endpoint of a host behind a trunk
	retryRefused  = 30 * time.Second // after which it is tried again for one whose address is somebody else's
)

// MaxStations is how many hosts are known at most: each has two ports in Open vSwitch.
const MaxStations = 4096

// maxFrame is the longest frame that is kept for a host that is not plugged yet, in bytes.
const maxFrame = 9216

// heard takes in a frame that came up.
func (k *Keeper) heard(in *openflow.PacketIn) {
	if isSix(in.Data) {
		k.heardSix(in)
		return
	}
	mac, at, ok := who(in)
	if !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	name := k.devices.named(in.Match.InPort())
	p, v := k.is.wish.of(name), k.is.wish.vlan(at.vlan)
	if p == nil || v == nil || !v.watches() || slices.Contains(v.addresses, at.address) {
		return
	}
	sdn := k.is.at(p, v) == dispatch.SDN
	if target, asks := asked(in); asks && sdn {
		k.sought(place{at.vlan, target}, p)
	} else if asks {
		k.meant(place{at.vlan, target}, at, in.Data)
	}
	if k.hosts.all[at] == nil && !k.room(p) {
		return
	}
	s, what := k.hosts.see(sighting{at, mac, name}, time.Now())
	if !s.plugged && what != disputed && (sdn || forRouter(in.Data)) && len(in.Data) <= maxFrame {
		s.first = bytes.Clone(in.Data) // it is not to be lost
	}
	switch what {
	case known:
		if s.plugged {
			return
		}
	case disputed:
		k.question(s)
		return
	case moved:
		k.options.Log.Info("a host has moved", slog.Any("host", s))
	}
	k.wake()
}

// room says whether one more host may be known behind a port: whoever is there could else take all
// addresses of a network. k.mu is held.
func (k *Keeper) room(p *port) bool {
	if len(k.hosts.all) >= MaxStations {
		return false
	}
	behind := 0
	for _, s := range k.hosts.all {
		if slices.Contains(p.devices, s.device) {
			behind++
		}
	}
	if behind < p.hosts {
		return true
	}
	if now := time.Now(); now.Sub(k.full[p.name]) > fullAgain {
		k.full[p.name] = now
		k.options.Log.Warn("more hosts are behind a port than max-hosts allows", slog.String("port", p.name), slog.Int("max_hosts", p.hosts))
	}
	return false
}

// heardSix takes in a frame of IPv6 that came up.
func (k *Keeper) heardSix(in *openflow.PacketIn) {
	networks := k.networks()
	id, _ := in.Match.Uint(openflow.Reg(dispatch.RegVLAN))
	k.mu.Lock()
	defer k.mu.Unlock()
	p, v := k.is.wish.of(k.devices.named(in.Match.InPort())), k.is.wish.vlan(uint16(id))
	if p == nil || v == nil || !v.watches() {
		return
	}
	if n, there := networks[v.network]; there {
		k.heard6(in, v.id, p, v, &n)
	}
}

// question asks a host whether it is there. k.mu is held.
func (k *Keeper) question(s *station) {
	now := time.Now()
	p := k.is.wish.of(s.device)
	if k.live == nil || p == nil || now.Sub(s.asked) < answerTime/20 {
		return
	}
	s.asked = now
	_, tagged := p.carries(s.vlan)
	if out := k.devices.way(p, s.device); out != 0 {
		_ = k.live.send(openflow.PortController, dispatch.Tag(s.vlan, tagged).Output(out, 0), question(s.address, s.mac)) // a bridge that is away hears nothing
		if s.address6.IsValid() {
			_ = k.live.send(openflow.PortController, dispatch.Tag(s.vlan, tagged).Output(out, 0), question6(s.address6)) // as above
		}
	}
}

// age asks hosts that are silent, and forgets those that stay so, as well as those of VLANs
// whose hosts need not be known any more.
func (k *Keeper) age(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	asked := 0
	for _, s := range k.hosts.all {
		if asked < maxAsked && (s.rival != nil || now.Sub(s.heard) > askAfter) && now.Sub(s.asked) > askAgain {
			k.question(s)
			asked++
		}
	}
	gone := append(k.hosts.settle(now), k.hosts.forget(now, forget)...)
	for at, s := range k.hosts.all {
		v := k.is.wish.vlan(at.vlan)
		if v == nil || !v.watches() || k.is.wish.of(s.device) == nil {
			gone = append(gone, s)
			delete(k.hosts.all, at)
		}
	}
	for _, s := range gone {
		k.options.Log.Info("a host is gone", slog.Any("host", s))
	}
	gone = slices.DeleteFunc(gone, func(s *station) bool { s.first = nil; return s.number == 0 }) // of those there is nothing to unplug
	if k.gone = append(k.gone, gone...); len(k.gone) > 0 {
		k.wake()
	}
	if k.bearers.forget(now) {
		k.wake()
	}
	for _, s := range k.hosts.all {
		if (!s.plugged || s.stale) && now.Sub(s.tried) > retryAfter {
			k.wake()
			break
		}
	}
}

// LogValue shows a host in a log.
func (s *station) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("address", s.address.String()), slog.Int("vlan", int(s.vlan)), slog.String("mac", s.mac.String()), slog.String("port", s.device),
	)
}

// flows returns what br-switch should hold. k.mu is held.
func (k *Keeper) flows(networks map[string]linkspan.Network) dispatch.Set {
	s := k.is.state(k.hosts.list(), k.devices, networks)
	for i := range s.VLANs {
		s.VLANs[i].Bearers = k.bearers.of(s.VLANs[i].ID)
	}
	return dispatch.Flows(s)
}
