// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// elsewhere answers for packets that no switch decides about; ok is false where they
// are decided about.
func elsewhere(v *view.View, q *Question) (a Answer, ok bool) {
	from, there := q.From.container()
	to, also := q.To.container()
	switch {
	case there && also && from == to:
		return by(Elsewhere, "both are one container: such packets stay inside of it"), true
	case q.From.Local != nil || q.To.Local != nil:
		return onOneHost(v, q), true
	case bridged(q.From) || bridged(q.To):
		return besideFabric(v, q)
	case overlaid(q.From) || overlaid(q.To):
		return overlay(v, q), true
	}
	return Answer{}, false
}

func by(verdict Verdict, reason string) Answer {
	return Answer{Verdict: verdict, Rule: ByAttachment, Reason: reason}
}

func overlaid(e End) bool { return e.Endpoint != nil && e.Endpoint.Overlaid() }

// overlay answers for an end in an overlay, whose packets the kernels of its hosts
// carry to those of the same network, and to nobody else.
func overlay(v *view.View, q *Question) Answer {
	from, to := q.From.Endpoint, q.To.Endpoint
	if from == nil || to == nil || from.Network != to.Network {
		return by(Denied, "one of them is in an overlay, and no way leads out of that to other networks")
	}
	name := networkName(v, q.From.Party)
	if from.Chassis != to.Chassis && !v.Clear(from.Chassis, to.Chassis) {
		return by(Denied, "both are in overlay "+name+", and their hosts in sites between which nothing goes in clear text")
	}
	a := by(Elsewhere, "both are in overlay "+name+": the kernels of their hosts carry all packets within it, and no policy sees them")
	a.To, a.Path.MTU = to, mtu(v, v.Network(from.Network), from.Chassis, to.Chassis)
	a.Path.Transport = "overlay"
	if from.Chassis == to.Chassis {
		a.Path.Transport = linkspan.Local
	}
	return a
}

func bridged(e End) bool { return e.Endpoint != nil && e.Endpoint.Driver == linkspan.Bridge }

// besideFabric answers for an end in a network that one host has alone and that is
// joined to the fabric, where packets go by the host itself: within the network, and to
// what no network of the fabric holds.
func besideFabric(v *view.View, q *Question) (a Answer, ok bool) {
	from, to := q.From.Endpoint, q.To.Endpoint
	if from != nil && to != nil {
		if from.Network != to.Network {
			return a, false
		}
		a = by(Elsewhere, fmt.Sprintf("both are in network %s, which %s has alone: its kernel lets all of a network talk",
			networkName(v, q.From.Party), v.ChassisName(from.Chassis)))
		a.To, a.Path.Transport = to, linkspan.Local
		return a, true
	}
	end := q.From
	if from == nil {
		end = q.To
	}
	return by(Elsewhere, fmt.Sprintf("network %s is one that %s has alone: Docker and the firewall of that host decide about what is outside",
		networkName(v, end.Party), v.ChassisName(end.Endpoint.Chassis))), true
}

// onOneHost answers for an end in a network that one host has alone.
func onOneHost(v *view.View, q *Question) Answer {
	from, to := q.From.Local, q.To.Local
	switch {
	case from != nil && to != nil && from.Chassis == to.Chassis && from.Network == to.Network:
		return sameOfHost(v, &q.From)
	case from != nil && to != nil && from.Chassis != to.Chassis:
		return by(Denied, "both are in networks that their hosts have alone, of which no group and no link speaks")
	case from != nil && to != nil:
		return by(Elsewhere, fmt.Sprintf("they are in networks %s and %s, which %s has alone: Docker and the firewall of that host decide",
			localName(&q.From), localName(&q.To), v.ChassisName(from.Chassis)))
	}
	end, other := &q.From, &q.To
	if from == nil {
		end, other = other, end
	}
	if other.Endpoint != nil {
		return by(Denied, fmt.Sprintf("network %s is one that %s has alone, and no group and no link speaks of it",
			localName(end), v.ChassisName(end.Local.Chassis)))
	}
	return by(Elsewhere, fmt.Sprintf("network %s is one that %s has alone: Docker and the firewall of that host decide",
		localName(end), v.ChassisName(end.Local.Chassis)))
}

// apart are the drivers and networks of one host by which containers do not talk.
var apart = []string{"null", "none"}

func sameOfHost(v *view.View, e *End) Answer {
	driver := "an unknown driver"
	if e.Network != nil {
		driver = "driver " + e.Network.Driver
		if slices.Contains(apart, e.Network.Driver) {
			return by(Denied, fmt.Sprintf("network %s of %s has no packets at all", localName(e), driver))
		}
	}
	a := by(Elsewhere, fmt.Sprintf("both are in network %s of %s, which %s has alone: its kernel lets all of a network talk",
		localName(e), driver, v.ChassisName(e.Local.Chassis)))
	a.Path.Transport = linkspan.Local
	return a
}

func localName(e *End) string {
	if e.Network != nil {
		return e.Network.Name
	}
	return e.Local.Network
}
