// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/ovs"
)

// gate is a way between a port of br-switch and the bridge of a foreign controller.
type gate struct {
	of     int // the controller, from 1
	device string
	vlan   uint16 // 0: the port is its as a whole
	tagged bool
}

// gates returns the ways to foreign controllers, in the order of ports and VLANs.
func (w *wish) gates() (all []gate) {
	for i := range w.ports {
		p := &w.ports[i]
		for _, d := range p.devices {
			if p.foreign != 0 {
				all = append(all, gate{p.foreign, d, 0, false})
				continue
			}
			for j := range w.vlans {
				v := &w.vlans[j]
				if passes, tagged := p.carries(v.id); passes && v.foreign != 0 {
					all = append(all, gate{v.foreign, d, v.id, tagged})
				}
			}
		}
	}
	return all
}

// name is what the end of the gate is called in the controller's bridge, which its
// controller reads: f0.eth5 for a port, f0.eth5.100 for a VLAN on it, or what stands
// for it when that is too long for a port.
func (g *gate) name() string {
	name := fmt.Sprintf("f%d.%s", g.of-1, g.device)
	if g.vlan != 0 {
		name += "." + strconv.Itoa(int(g.vlan))
	}
	if len(name) > maxName {
		return fmt.Sprintf("f%d.%08x", g.of-1, g.hash())
	}
	return name
}

// end is what the gate's end in br-switch is called.
func (g *gate) end() string { return fmt.Sprintf("lsf%d%08x", g.of-1, g.hash()) }

const maxName = 15 // bytes

func (g *gate) hash() uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s %d", g.device, g.vlan) // never fails
	return h.Sum32()
}

// GuestBridge names the bridge of a foreign controller: the first is 0.
func GuestBridge(number int) string { return "br-f" + strconv.Itoa(number) }

// gates returns them as flows know them.
func (a *arrangement) gates(d devices) (all []dispatch.Gate) {
	for _, g := range a.wish.gates() {
		if in, there := d[g.device]; there {
			all = append(all, dispatch.Gate{Port: in.number, VLAN: g.vlan, Tagged: g.tagged, Patch: d[g.end()].number})
		}
	}
	return all
}

// sameGuests says whether two configurations have the same foreign controllers and the
// same ways to them.
func (w *wish) sameGuests(other *wish) bool {
	return slices.Equal(w.foreign, other.foreign) && slices.Equal(w.gates(), other.gates())
}

// guests makes the bridges of foreign controllers and the ways to them.
func (k *Keeper) guests(ctx context.Context, w *wish) error {
	if k.options.Guests == nil {
		return nil
	}
	list := make([]ovs.Guest, len(w.foreign))
	for i, f := range w.foreign {
		scheme := "tcp"
		if f.tls {
			scheme = "ssl"
		}
		list[i] = ovs.Guest{
			Bridge: GuestBridge(i), Target: fmt.Sprintf("%s:%s", scheme, f.address), Note: f.name,
		}
	}
	for _, g := range w.gates() {
		b := &list[g.of-1]
		b.Patches = append(b.Patches, ovs.Patch{Here: g.end(), There: g.name()})
	}
	if err := k.options.Guests.SetGuests(ctx, list); err != nil {
		return fmt.Errorf("bridges of foreign controllers: %w", err)
	}
	if err := k.look(ctx); err != nil && linkspan.CodeOf(err) != linkspan.Unavailable {
		return err
	}
	return nil
}
