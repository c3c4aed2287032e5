// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// Where the controller decides, nobody's question reaches a host: the fabric answers for all
// addresses of the network. Nor does a container's, whoever decides. So a host that is silent is asked for here: all of a subnet when a
// VLAN names its network or a port comes to it, and each address when somebody asks for it.
const (
	scanned   = 1024            // addresses of a subnet that are asked for at most
	scanBurst = 16              // questions without a pause: bridges behind the ports are to have room, and Open vSwitch time for others
	seekAgain = 2 * time.Second // an address is asked for that often at most
	maxSought = 1024            // addresses that were asked for lately
)

// fresh returns the VLANs that name a network and are on ports that carried them not, or
// did not exist, before, or named no network.
func (w *wish) fresh(before *wish) (ids []uint16) {
	for i := range w.vlans {
		v := &w.vlans[i]
		for j := range w.ports {
			p := &w.ports[j]
			passes, _ := p.carries(v.id)
			was := slices.ContainsFunc(before.ports, func(o port) bool {
				did, _ := o.carries(v.id)
				then := before.vlan(v.id)
				return o.name == p.name && did && then != nil && then.network == v.network
			})
			if passes && !was && v.watches() {
				ids = append(ids, v.id)
				break
			}
		}
	}
	return ids
}

// seekIn has all hosts of VLANs asked for.
func (k *Keeper) seekIn(ids []uint16) {
	if len(ids) == 0 {
		return
	}
	k.mu.Lock()
	for _, id := range ids {
		k.toScan[id] = true
	}
	k.mu.Unlock()
	k.wake()
}

// seekAll asks for all hosts of the VLANs that are to be.
func (k *Keeper) seekAll(ctx context.Context) {
	k.mu.Lock()
	ids := k.toScan
	k.toScan = make(map[uint16]bool)
	w := k.is.wish
	k.mu.Unlock()
	for id := range ids {
		k.scan(ctx, id, func(p *port) bool {
			v := w.vlan(id)
			return v != nil && w.at(p, v) != dispatch.Foreign
		})
	}
}

// scan asks for all addresses of a VLAN's network at some of the ports that carry it.
func (k *Keeper) scan(ctx context.Context, id uint16, at func(*port) bool) {
	networks := k.networks()
	k.mu.Lock()
	v, live := k.is.wish.vlan(id), k.live
	acts := k.flood(id, at)
	k.mu.Unlock()
	if live == nil || v == nil || len(acts) == 0 {
		return
	}
	n := networks[v.network]
	asked := 0
	for a := n.Subnet.Masked().Addr(); a.IsValid() && n.Subnet.Contains(a) && asked < scanned && ctx.Err() == nil; a = a.Next() {
		if !n.Leasable(a) {
			continue
		}
		if asked++; asked%scanBurst == 0 {
			pause(ctx, 2*time.Millisecond)
		}
		_ = live.send(openflow.PortController, acts, question(a, linkspan.MAC(packet.Broadcast()))) // a bridge that is away hears nothing
	}
}

// flood returns what outputs a frame without a tag to ports that carry a VLAN. k.mu is held.
func (k *Keeper) flood(id uint16, at func(*port) bool) (acts openflow.Actions) {
	var tagged openflow.Actions
	for i := range k.is.wish.ports {
		p := &k.is.wish.ports[i]
		passes, with := p.carries(id)
		out := k.devices.way(p, p.devices[0])
		switch {
		case !passes || out == 0 || !at(p):
		case with:
			tagged = tagged.Output(out, 0)
		default:
			acts = acts.Output(out, 0)
		}
	}
	if len(tagged) == 0 {
		return acts
	}
	return append(append(acts, dispatch.Tag(id, true)...), tagged...)
}

// sought asks for a host that somebody has asked for and nobody knows. k.mu is held.
func (k *Keeper) sought(at place, by *port) {
	now := time.Now()
	v := k.is.wish.vlan(at.vlan)
	if k.hosts.all[at] != nil || k.live == nil || v == nil || slices.Contains(v.addresses, at.address) || now.Sub(k.asked[at]) < seekAgain {
		return
	}
	if len(k.asked) >= maxSought {
		for other, when := range k.asked {
			if now.Sub(when) >= seekAgain {
				delete(k.asked, other)
			}
		}
	}
	if len(k.asked) >= maxSought {
		return
	}
	k.asked[at] = now
	acts := k.flood(at.vlan, func(p *port) bool { return p.name != by.name })
	if len(acts) == 0 {
		return
	}
	frame := question(at.address, linkspan.MAC(packet.Broadcast()))
	if at.address.Is6() {
		frame = question6(at.address)
	}
	_ = k.live.send(openflow.PortController, acts, frame) // as above
}
