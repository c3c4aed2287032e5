// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// rule looks at who wants to talk to whom. It returns true when it has a verdict,
// with its reason in d: Allow leaves the rest to the deciders that come after.
type rule func(v *view.View, p *Packet, d *Decision) (Verdict, bool)

// rules in the order of precedence: the first that has a verdict is followed, and
// without any the packet is denied. This is the one place where that is said; ADR
// 0017 says why.
var rules = [...]rule{
	link,
	policy,
	wayOut,
	sameNetwork,
	sharedGroup,
}

// permission asks the rules, and of two networks whether both ends find each other.
func permission(v *view.View, p *Packet, d *Decision) bool {
	d.generation = generation(v)
	for _, ask := range rules {
		verdict, has := ask(v, p, d)
		switch {
		case !has:
			continue
		case verdict == Allow:
			return d.across && !mutual(v, d)
		case d.Tracked:
			return deniedClass(v, p, d)
		}
		d.BySource, d.ByDestination = true, true
		return d.settle(verdict, d.Reason)
	}
	d.ByDestination = true
	// Without policies, or a link of the destination, it is the same for all of the
	// source's network.
	if d.BySource = p.Arrived() || d.generation != 0 || len(v.LinksOf(d.Destination)) > 0; !d.BySource {
		d.restsOnDestination()
	}
	return d.settle(Deny, NotGrouped)
}

// link is a person's word about the two containers; one that denies comes first. As
// long as a container's name is not known where links deny, its packets wait.
func link(v *view.View, _ *Packet, d *Decision) (Verdict, bool) {
	if !v.AnyLinks() || d.Outside.IsValid() {
		return Ignore, false
	}
	if v.Unknowable(d.Source) || v.Unknowable(d.Destination) {
		d.Reason = NameUnknown
		return Ignore, true
	}
	d.Link = v.Link(d.Source, d.Destination)
	switch {
	case d.Link == nil:
		return Ignore, false
	case d.Link.Verdict == linkspan.LinkDeny:
		d.Reason = LinkDenies
		return Deny, true
	case d.leaves():
		d.Reason = InternalNetwork // a link that names no network may be about others of the two
		return Deny, true
	}
	d.Reason = LinkAllows
	return Allow, true
}

// leaves says whether the packet would leave an internal network, or enter one.
func (d *Decision) leaves() bool {
	return d.Network != d.DestinationNetwork && (d.Network.Internal || d.DestinationNetwork.Internal)
}

// sameNetwork allows what stays in a network.
func sameNetwork(_ *view.View, _ *Packet, d *Decision) (Verdict, bool) {
	if d.Network != d.DestinationNetwork {
		return Ignore, false
	}
	d.Reason = SameNetwork
	return Allow, true
}

// sharedGroup allows what goes from one network of a group to another.
func sharedGroup(v *view.View, _ *Packet, d *Decision) (Verdict, bool) {
	d.Group = v.Shares(d.Network.ID, d.DestinationNetwork.ID)
	if d.Group == nil {
		return Ignore, false
	}
	d.Reason = SharedGroup
	return Allow, true
}
