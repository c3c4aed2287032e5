// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
)

// nothing is what those say who leave it to others.
const nothing = "nothing"

// steps lists who was asked about two endpoints: the rules in their order up to the
// one that has decided and, where that allows it and there is no way, the way. p is the
// policy that speaks of the packets, or nil.
func steps(v *view.View, a *Answer, p *linkspan.Policy, from, to view.Party, q *Question) (list []Step) {
	if a.Rule == ByNetwork && a.Verdict == Denied {
		return append(list, Step{ByLink, nothing, "no link joins the two"}, Step{ByNetwork, Denied.String(), a.Reason})
	}
	if _, _, linked := decide.Linked(v, from, to); linked {
		says := Allowed.String()
		if a.Rule == ByLink {
			says = a.Verdict.String()
		}
		return withWay(append(list, Step{ByLink, says, linkText(v, a, from, to)}), a)
	}
	outside := from.Endpoint == nil || to.Endpoint == nil
	if !outside { // links join containers
		list = append(list, Step{ByLink, nothing, "no link joins the two"})
	}
	list, over := policySteps(list, v, p, from, to, q)
	switch {
	case over:
		return withWay(list, a)
	case outside:
		return withWay(append(list, wayOutStep(v, from, to)), a)
	}
	if from.Endpoint.Network == to.Endpoint.Network {
		return withWay(append(list, Step{ByNetwork, Allowed.String(), "both are in " + networkName(v, from)}), a)
	}
	list = append(list, Step{ByNetwork, nothing, fmt.Sprintf("one is in %s, the other in %s", networkName(v, from), networkName(v, to))})
	if g := v.Shares(from.Endpoint.Network, to.Endpoint.Network); g != nil {
		return withWay(append(list, Step{ByGroup, Allowed.String(), "both networks are in " + g.Name}), a)
	}
	return append(list, Step{ByGroup, nothing, "the networks share none"}, Step{ByNobody, Denied.String(), "what nobody allows is denied"})
}

// withWay adds the way, where that is what denies.
func withWay(list []Step, a *Answer) []Step {
	if a.Rule != ByWay {
		return list
	}
	return append(list, Step{ByWay, Denied.String(), a.Reason})
}

// policySteps lists the policies that select the two, up to the one that decides; over
// is false when none does.
func policySteps(list []Step, v *view.View, decides *linkspan.Policy, from, to view.Party, q *Question) (_ []Step, over bool) {
	concerned := decide.Concerned(v, from, to)
	for _, p := range concerned {
		if !p.Concerns(q.Protocol, q.Port) {
			list = append(list, Step{ByPolicy, nothing, policyName(p) + " is about " + portsText(p)})
			continue
		}
		if p == decides {
			says := map[linkspan.PolicyAction]Verdict{
				linkspan.PolicyAllow: Allowed, linkspan.PolicyDeny: Denied, linkspan.PolicyReject: Rejected,
			}[p.Action].String()
			return append(list, Step{ByPolicy, says, strings.Join(append([]string{policyName(p)}, places(v, p, from, to, q)...), " ")}), true
		}
	}
	if len(concerned) == 0 {
		list = append(list, Step{ByPolicy, nothing, "none speaks of the two"})
	}
	return list, false
}

func policyName(p *linkspan.Policy) string {
	return fmt.Sprintf("%s (priority %d)", p.Name, p.Priority)
}

// portsText writes what a policy is about, as far as there is room.
func portsText(p *linkspan.Policy) string {
	const most = 4
	var list []string
	for _, ports := range p.Ports[:min(len(p.Ports), most)] {
		list = append(list, ports.String())
	}
	if len(p.Ports) > most {
		list = append(list, "...")
	}
	return strings.Join(list, " ")
}

// places names the fields of a policy that are about the packets.
func places(v *view.View, p *linkspan.Policy, from, to view.Party, q *Question) (list []string) {
	if p == nil {
		return nil
	}
	sender, receiver, _ := v.Selecting(p, from, to)
	if sender != view.Anyone {
		list = append(list, fmt.Sprintf("spec.from[%d]", sender))
	}
	if receiver != view.Anyone {
		list = append(list, fmt.Sprintf("spec.to[%d]", receiver))
	}
	if i := slices.IndexFunc(p.Ports, func(o linkspan.PolicyPorts) bool { return o.Holds(q.Protocol, q.Port) }); i >= 0 {
		list = append(list, fmt.Sprintf("spec.ports[%d]", i))
	}
	return list
}

// linkText says which link it is.
func linkText(v *view.View, a *Answer, from, to view.Party) string {
	l := v.Link(from.Endpoint, to.Endpoint)
	switch {
	case a.code == decide.NameUnknown, a.code == decide.InternalNetwork, l == nil:
		return a.Reason
	case l.Verdict == linkspan.LinkDeny:
		return LinkEnds(v, l) + " are disconnected"
	}
	return LinkEnds(v, l) + " are connected"
}

// LinkEnds names the ends of a link, as linkspan link ls does.
func LinkEnds(v *view.View, l *linkspan.Link) string { return endName(v, l.A) + " " + endName(v, l.B) }

// endName is chassis/container, with .network where the end names one.
func endName(v *view.View, e linkspan.LinkEnd) string {
	name := e.Container
	if c := v.Chassis(e.Chassis); c != nil {
		name = c.Name + "/" + name
	}
	return name + ofNetwork(v, e.Network)
}

func networkName(v *view.View, p view.Party) string { return v.NetworkName(p.Endpoint.Network) }
