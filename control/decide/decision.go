// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// Verdict says what is to become of the packet.
type Verdict uint8

// The verdicts. The zero value drops the packet and leaves no trace.
const (
	Ignore Verdict = iota // drop this packet only
	Deny                  // drop it and, for a short time, those like it
	Allow                 // deliver it and plug the route between its ends
	Expire                // tell its source that its time is exceeded, where an ICMP error is allowed (RFC 1122, 3.2.2)
)

var verdictNames = [...]string{"ignore", "deny", "allow", "expire"}

// String returns the verdict in lower case.
func (v Verdict) String() string { return verdictNames[v] }

// Read is an endpoint record that a decision rests on; a nil Endpoint says
// that it rests on there being none.
type Read struct {
	Key      view.Key
	Endpoint *linkspan.Endpoint
}

// Decision is what Decide returns. Records are nil where they were not found
// or not looked for.
type Decision struct {
	Verdict Verdict
	Reason  Reason
	// Network is the source's. That of the destination is the same unless they talk
	// across networks.
	Network            *linkspan.Network
	DestinationNetwork *linkspan.Network
	Source             *linkspan.Endpoint
	Destination        *linkspan.Endpoint
	Link               *linkspan.Link  // that decided about the two, or nil
	Group              *linkspan.Group // by which they may talk, or nil
	// Policy is the one that decides about the packet, or nil. Where the verdict is about
	// more than its class, others may say the same of the rest: see Counted.
	Policy *linkspan.Policy
	// Transport is how the packet gets to its destination's chassis, empty when
	// it was not chosen or there is no way; Way says why it is none better.
	Transport linkspan.Transport
	Way       Reason
	// Hop is the chassis that answers when the verdict is Expire.
	Hop *linkspan.Chassis
	// Tracked says that what the ends may say to each other differs by class or
	// direction: the verdict is only about Class, in the direction in which
	// the packet's connection was opened. Else it is about all packets between the
	// ends, and Class is the zero value.
	Tracked bool
	Class   Class
	// Answer is the class that a stray segment is of as an answer, where that was asked for;
	// set by whoever asked.
	Answer Class
	// Reply is the packet's: its connection was opened by the Destination.
	Reply bool
	// Outside is set where one end is outside of all networks: its address is any of
	// these, which are all the same to the decision. That end is a
	// linkspan.OutsideEnd; it is missing where it was denied for all who ask.
	Outside netip.Prefix
	// BySource and ByDestination say which addresses of the packet the
	// verdict rests on: a flow made from it must match those and no others.
	BySource, ByDestination bool

	reads [2]Read
	n     int

	across bool // two networks, or one and what is outside; then it was asked:
	asked  Packet
	turned bool // it denies as an answer what it would allow: see DenyAs

	// What policies say in the packet's direction and in the other; nil: they were not
	// asked, or there are none. generation is that of the View; 0: there are none.
	there, back *Rules
	generation  uint64
	memo        *Memo   // while it is being made
	recalled    *lately // likewise: the ends, and what policies say of them; nil: it is to be looked up
}

// Reads returns the endpoint records that the verdict rests on. It is a view
// of d. The verdict also rests on the network's record and, where both ends
// were found, on the link between them, on policies and on the transport between
// their chassis; across networks, on who holds the addresses, and on groups.
func (d *Decision) Reads() []Read { return d.reads[:d.n] }

// Holds says whether v still has every record that the verdict rests on, and
// still lacks what was missing.
func (d *Decision) Holds(v *view.View) bool {
	if d.Destination != nil && d.generation != generation(v) {
		return false
	}
	if d.across {
		return d.decidedAnew(v)
	}
	if d.Network != nil && v.Network(d.Network.ID) != d.Network {
		return false
	}
	if d.Destination != nil && (!d.linkHolds(v) || !d.transportHolds(v)) {
		return false
	}
	for i := range d.n {
		if v.Endpoint(d.reads[i].Key) != d.reads[i].Endpoint {
			return false
		}
	}
	return true
}

// linkHolds says whether the same link, or none, decides about the two ends.
func (d *Decision) linkHolds(v *view.View) bool {
	if !v.AnyLinks() {
		return d.Link == nil && d.Reason != NameUnknown
	}
	unknown := v.Unknowable(d.Source) || v.Unknowable(d.Destination)
	return unknown == (d.Reason == NameUnknown) && (unknown || v.Link(d.Source, d.Destination) == d.Link)
}

// transportHolds says whether the way between the two ends is the same, if it was
// asked for.
func (d *Decision) transportHolds(v *view.View) bool {
	if d.Transport == "" && d.Way == NoReason {
		return true
	}
	t, why := Transport(v, d.Network, d.Source.Chassis, d.Destination.Chassis)
	return t == d.Transport && (t != "" || why == d.Way)
}

// Local says whether both ends are on one chassis.
func (d *Decision) Local() bool { return d.Source.Chassis == d.Destination.Chassis }

// Opening returns the ends of the packet's connection: who opened it, and to whom.
func (d *Decision) Opening() (from, to *linkspan.Endpoint) {
	if d.Reply {
		return d.Destination, d.Source
	}
	return d.Source, d.Destination
}

// Track makes the verdict one about a class of connections, in the direction in
// which the connection of p was opened.
func (d *Decision) Track(p *Packet, c Class) { d.Tracked, d.Class, d.Reply = true, c, p.Reply }

// DenyAs has d, which allows the class that its packet would open, deny it as answer
// does: the packet Answers, or may. What answer rests on d rests on, too.
func (d *Decision) DenyAs(answer *Decision) {
	d.Verdict, d.Reason, d.Policy, d.turned = answer.Verdict, answer.Reason, answer.Policy, true
}

// whole makes the verdict one about all packets between the ends, of which no policy
// decides.
func (d *Decision) whole() { d.Tracked, d.Class, d.Reply, d.Policy = false, Class{}, false, nil }

// Counted returns for which policies that counts which goes from source to destination
// by what the decision is about, and back: those that decide about all of it. They are
// nil where several do, or none.
func (d *Decision) Counted() (there, back *linkspan.Policy) {
	switch {
	case d.Tracked:
		return d.Policy, d.Policy
	case d.there == nil, d.Verdict == Deny && d.Policy == nil: // denied for another reason
		return nil, nil
	}
	return d.there.Sole(), d.back.Sole()
}

// reset makes d as good as new. What is read only as far as n or across say stays as
// it is: to clear all takes longer than some deciders do.
func (d *Decision) reset() {
	d.Verdict, d.Reason, d.Way, d.Transport = Ignore, NoReason, NoReason, ""
	d.Network, d.DestinationNetwork, d.Source, d.Destination = nil, nil, nil, nil
	d.Link, d.Group, d.Policy, d.Hop = nil, nil, nil, nil
	d.Outside = netip.Prefix{}
	d.Tracked, d.Class, d.Answer, d.Reply = false, Class{}, Class{}, false
	d.BySource, d.ByDestination, d.across, d.turned, d.n = false, false, false, false, 0
	d.there, d.back, d.generation = nil, nil, 0
}

// rests notes an endpoint record under the verdict, or that there is none. Field by
// field, as a copy of a key that was just put together waits for its parts.
func (d *Decision) rests(network linkspan.NetworkID, a netip.Addr, e *linkspan.Endpoint) {
	r := &d.reads[d.n]
	r.Key.Network, r.Key.Address, r.Endpoint = network, a, e
	d.n++
}

// restsOnDestination forgets that the source was noted.
func (d *Decision) restsOnDestination() { d.reads[0], d.n = d.reads[1], 1 }

// settle sets verdict and reason and reports that no more need be asked.
func (d *Decision) settle(v Verdict, r Reason) bool {
	d.Verdict, d.Reason = v, r
	return true
}
