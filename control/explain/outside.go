// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// fromOutside answers for packets of an address that no endpoint has: what the decider
// says of them, and whether the destination's host hands them over at all.
func fromOutside(v *view.View, q *Question) Answer {
	to := q.To.Endpoint
	switch {
	case to == nil:
		return by(Denied, "neither is an address of an endpoint: Linkspan carries nothing between them")
	case !to.Attached():
		return by(Denied, fmt.Sprintf("address %s is reserved, and no container is attached there yet", to.Address))
	}
	a := asked(v, q, &decide.Packet{
		Chassis: to.Chassis, Port: linkspan.GatewayPort, Network: to.Network, TTL: freshTTL,
		Source: q.From.Address, Destination: to.Address,
	})
	switch a.To = to; {
	case a.Verdict == Rejected:
		a.Verdict, a.Reason = Denied, a.Reason+", of which who is outside is not told"
	case a.Verdict == Allowed && !published(v, q):
		why := fmt.Sprintf("%s of it is not published: its host keeps back what comes from outside", q.Ports())
		a.Verdict, a.Rule, a.Reason = Denied, ByWay, why
		a.Steps = append(a.Steps, Step{ByWay, Denied.String(), why})
	}
	return a
}

// published says whether the host of the destination hands over what opens a conversation
// from outside: to a port that is published there. What the host itself sends needs none;
// it comes from the gateway's address.
func published(v *view.View, q *Question) bool {
	to := q.To.Endpoint
	if n := v.Network(to.Network); n != nil && n.IsGateway(q.From.Address) {
		return true
	}
	for _, text := range to.Published { // 0.0.0.0:8080-8082->80-82/tcp, [::]:8080->80/tcp
		here, inside, _ := strings.Cut(text, "->")
		if strings.HasPrefix(here, "[") != to.Address.Is6() {
			continue
		}
		span, protocol, _ := strings.Cut(inside, "/")
		ports, err := linkspan.ParsePolicyPorts(protocol + "/" + span)
		if err == nil && ports.Holds(q.Protocol, q.Port) {
			return true
		}
	}
	return false
}

// The types of echo requests (RFC 792, RFC 4443).
const echoRequest, echoRequest6 = 8, 128

// Answered says whether the switch of the first end answers the packets of a question
// itself, whatever policies say: echo requests to the gateway's address of its network.
func Answered(v *view.View, q *Question) bool {
	from := q.From.Endpoint
	asks := q.Protocol == linkspan.ProtocolICMP && q.Port == echoRequest || q.Protocol == decide.ProtocolICMPv6 && q.Port == echoRequest6
	if from == nil || !from.Attached() || !asks {
		return false
	}
	n := v.Network(from.Network)
	return n != nil && !n.Internal && q.To.Address.IsValid() && q.To.Address == n.GatewayTo(from.Address)
}

// answered is the Answer to those.
func answered() Answer {
	const why = "the switch answers echo requests to the gateway itself, whatever policies say"
	return Answer{Verdict: Allowed, Rule: ByWayOut, Reason: why, Steps: []Step{{ByWayOut, Allowed.String(), why}}}
}

// wayOutStep is what the way out says, of two of which one is outside of all networks.
func wayOutStep(v *view.View, from, to view.Party) Step {
	end := from
	if end.Endpoint == nil {
		end = to
	}
	if action, _ := decide.Otherwise(v, from, to); action == linkspan.PolicyAllow {
		return Step{ByWayOut, Allowed.String(), "the other is in " + networkName(v, end) + ", which is not internal"}
	}
	return Step{ByWayOut, Denied.String(), "the other is in " + networkName(v, end) + ", which is internal"}
}
