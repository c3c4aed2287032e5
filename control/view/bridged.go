// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"github.com/linkspan/linkspan"
)

// A network of one host that is joined to the fabric has a record there too, of driver
// Bridge (ADR 0026). Its endpoints are not stored: they are those that the host tells
// of, as long as there is the network's record.

// Bridged yields the networks of a chassis's own that are joined to the fabric, in no
// useful order.
func (v *View) Bridged(on linkspan.ChassisID) iter.Seq[*linkspan.Network] {
	return func(yield func(*linkspan.Network) bool) {
		h, _ := v.locals.Get(chassisKey(on))
		for _, id := range h.joined.All() {
			if n := v.Network(id); n != nil && !yield(n) {
				return
			}
		}
	}
}

// bridge enters the endpoints of a network of one host when its record comes, and
// takes them away when that goes; both records are of one number, and either may be nil
// or of another driver.
func (b *builder) bridge(old, n *linkspan.Network) {
	if old != nil && old.Driver == linkspan.Bridge {
		b.unbridge(old)
	}
	if n == nil || n.Driver != linkspan.Bridge {
		return
	}
	b.bridged++
	h, _ := b.locals.Get(chassisKey(n.Chassis))
	h.joined = h.joined.Put(localKey(n.Local), n.ID)
	b.setLocals(n.Chassis, h)
	in, _ := h.members.Get(localKey(n.Local))
	for _, e := range in.All() {
		b.putBridged(linkspan.OnBridge(n, e))
	}
}

func (b *builder) unbridge(old *linkspan.Network) {
	b.bridged--
	h, _ := b.locals.Get(chassisKey(old.Chassis))
	h.joined = h.joined.Delete(localKey(old.Local))
	b.setLocals(old.Chassis, h)
	in, _ := h.members.Get(localKey(old.Local))
	for _, e := range in.All() {
		b.dropBridged(linkspan.OnBridge(old, e))
	}
}

// bridgeEndpoint has an endpoint of a joined network follow what its host tells; old
// and e are of one id, and either may be nil.
func (b *builder) bridgeEndpoint(on linkspan.ChassisID, old, e *linkspan.LocalEndpoint) {
	was, is := b.onBridge(on, old), b.onBridge(on, e)
	if was != nil && (is == nil || KeyOf(was) != KeyOf(is)) {
		b.dropBridged(was)
	}
	b.putBridged(is)
}

// JoinedAs returns the endpoint that one of a single host's is to the fabric; nil as long
// as its network is not joined.
func (v *View) JoinedAs(e *linkspan.LocalEndpoint) *linkspan.Endpoint {
	joined := v.onBridge(e.Chassis, e)
	if joined == nil {
		return nil
	}
	if now := v.Endpoint(KeyOf(joined)); now != nil && now.ID == e.ID {
		return now
	}
	return nil
}

func (v *View) onBridge(on linkspan.ChassisID, e *linkspan.LocalEndpoint) *linkspan.Endpoint {
	if e == nil {
		return nil
	}
	h, _ := v.locals.Get(chassisKey(on))
	id, joined := h.joined.Get(localKey(e.Network))
	if n := v.Network(id); joined && n != nil {
		return linkspan.OnBridge(n, e)
	}
	return nil
}

func (b *builder) putBridged(e *linkspan.Endpoint) {
	if e != nil {
		b.setEndpoint(KeyOf(e), b.settle(e))
	}
}

// dropBridged removes an endpoint, unless another has its address by now.
func (b *builder) dropBridged(e *linkspan.Endpoint) {
	if e == nil {
		return
	}
	if now := b.Endpoint(KeyOf(e)); now != nil && now.ID == e.ID {
		b.setEndpoint(KeyOf(e), nil)
	}
}

// Reach returns the subnets of the networks that endpoints of a network may talk with
// by a group, a link or a policy, its own excepted, each once and in order. It may
// have some where nobody in fact does: who decides is asked about each packet.
func (v *View) Reach(n *linkspan.Network) []netip.Prefix {
	var found []netip.Prefix
	note := func(id linkspan.NetworkID) {
		if o := v.Network(id); routed(o) && id != n.ID && !o.Internal && !o.Subnet.Overlaps(n.Subnet) {
			found = append(found, o.Subnet.Masked())
		}
	}
	for id := range v.Grouped(n.ID) {
		note(id)
	}
	for l := range v.Links() {
		if l.Verdict != linkspan.LinkAllow {
			continue
		}
		for _, ends := range [2][2]linkspan.LinkEnd{{l.A, l.B}, {l.B, l.A}} {
			if ends[0].Chassis != n.Chassis || ends[0].Network != 0 && ends[0].Network != n.ID {
				continue
			}
			for e := range v.Covered(ends[1]) {
				note(e.Network)
			}
		}
	}
	if v.AnyPolicyAllows() {
		for p := range v.Policies() {
			v.allowed(p, n, note)
		}
	}
	slices.SortFunc(found, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return slices.Compact(found)
}

// allowed notes the networks between whose endpoints and those of n a policy may allow
// something.
func (v *View) allowed(p *linkspan.Policy, n *linkspan.Network, note func(linkspan.NetworkID)) {
	if p.Action != linkspan.PolicyAllow {
		return
	}
	from, to := v.within(p.From, n), v.within(p.To, n)
	if !from && !to {
		return
	}
	for o := range v.Networks() {
		if from && v.within(p.To, o) || to && v.within(p.From, o) {
			note(o.ID)
		}
	}
}

// within says whether a side of a policy may select an endpoint of a network, as far as
// its networks, groups and addresses say.
func (v *View) within(side []linkspan.Selector, n *linkspan.Network) bool {
	return len(side) == 0 || slices.ContainsFunc(side, func(s linkspan.Selector) bool {
		if s.Network != "" && s.Network != n.Name {
			return false
		}
		if g := v.Group(s.Group); s.Group != "" && (g == nil || !g.Has(n.ID)) {
			return false
		}
		return !s.CIDR.IsValid() || s.CIDR.Overlaps(n.Subnet)
	})
}

// AnyBridged says whether any network of one host is joined to the fabric.
func (v *View) AnyBridged() bool { return v.bridged > 0 }
