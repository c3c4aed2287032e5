// SPDX-License-Identifier: Apache-2.0

package rulebook

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// author writes policies about a world.
type author struct {
	*World
	random *rand.Rand
}

// kind is one sort of policy, and how many of twenty are of it.
type kind struct {
	of    int
	write func(*author, *linkspan.Policy)
}

// kinds are what policies are about: labels mostly, then names, addresses, networks
// and groups.
var kinds = [...]kind{
	{7, (*author).service}, {3, (*author).guard}, {3, (*author).names}, {2, (*author).subnet},
	{2, (*author).network}, {1, (*author).group}, {1, (*author).outside}, {1, (*author).address},
}

// kindsOf is the sum of all kinds' shares.
const kindsOf = 20

// spread makes numbers from 0 to 59999 others of these, none twice.
func spread(n int) int { return n * 7919 % 60000 }

// MaxPolicies is how many there can be at once.
const MaxPolicies = linkspan.MaxPolicies

// Policies returns n policies, at most MaxPolicies, each of a priority of its own.
func (w *World) Policies(n int) []linkspan.Policy {
	a := author{w, rand.New(rand.NewPCG(5, uint64(n)))}
	all := make([]linkspan.Policy, n)
	for i := range all {
		p := &all[i]
		p.ID, p.Name, p.Priority = linkspan.PolicyID(i+1), fmt.Sprintf("rule%05d", i), uint16(1+spread(i))
		kindOf(i%kindsOf).write(&a, p)
	}
	return all
}

func kindOf(n int) *kind {
	for i := range kinds {
		if n < kinds[i].of {
			return &kinds[i]
		}
		n -= kinds[i].of
	}
	return &kinds[0]
}

// app returns a selector of an application's containers in some environment, or in
// all.
func (a *author) app(env int) linkspan.Selector {
	labels := map[string]string{"app": appOf(a.random.IntN(apps))}
	if env < envs {
		labels["env"] = envOf(env)
	}
	return linkspan.Selector{Labels: labels}
}

func (a *author) endpoint() *linkspan.Endpoint { return &a.Endpoints[a.random.IntN(len(a.Endpoints))] }

func (a *author) networkName() string { return a.Networks[a.random.IntN(len(a.Networks))].Name }

func (a *author) tcp() linkspan.PolicyPorts {
	first := []uint16{80, 443, 3306, 5432, 6379, 8080, 9200}[a.random.IntN(7)]
	return linkspan.PolicyPorts{Protocol: linkspan.ProtocolTCP, First: first, Last: first}
}

func (a *author) block(protocol uint8) linkspan.PolicyPorts {
	first := 1024 + a.random.IntN(60000)
	return linkspan.PolicyPorts{Protocol: protocol, First: uint16(first), Last: uint16(first + a.random.IntN(1000))}
}

// service lets one application ask another of its environment.
func (a *author) service(p *linkspan.Policy) {
	env := a.random.IntN(envs)
	p.Action, p.From, p.To = linkspan.PolicyAllow, []linkspan.Selector{a.app(env)}, []linkspan.Selector{a.app(env)}
	p.Ports = []linkspan.PolicyPorts{a.tcp(), a.block(linkspan.ProtocolTCP)}
}

// guard keeps a team away from an application, wholly or from some ports.
func (a *author) guard(p *linkspan.Policy) {
	p.Action = linkspan.PolicyDeny
	p.From = []linkspan.Selector{{Labels: map[string]string{"team": teamOf(a.random.IntN(teams))}}}
	p.To = []linkspan.Selector{a.app(envs)}
	if a.random.IntN(2) == 0 {
		p.Ports = []linkspan.PolicyPorts{a.tcp()}
	}
}

// names is about two containers.
func (a *author) names(p *linkspan.Policy) {
	p.Action = linkspan.PolicyAction(1 + a.random.IntN(3))
	p.From, p.To = []linkspan.Selector{{Endpoint: a.endpoint().Container}}, []linkspan.Selector{{Endpoint: a.endpoint().Container}}
	p.Ports = []linkspan.PolicyPorts{a.block(linkspan.ProtocolUDP), {Protocol: linkspan.ProtocolICMP, First: 8, Last: 8}}
}

// subnet is about a part of a network.
func (a *author) subnet(p *linkspan.Policy) {
	const bits = 28
	p.Action, p.From = linkspan.PolicyDeny, []linkspan.Selector{{CIDR: netip.PrefixFrom(a.endpoint().Address, bits).Masked()}}
	p.To, p.Ports = []linkspan.Selector{{Network: a.networkName(), Labels: a.app(envs).Labels}}, []linkspan.PolicyPorts{a.block(linkspan.ProtocolTCP)}
}

// network lets a network ask applications of another.
func (a *author) network(p *linkspan.Policy) {
	p.Action, p.From = linkspan.PolicyAllow, []linkspan.Selector{{Network: a.networkName()}}
	p.To = []linkspan.Selector{{Network: a.networkName(), Labels: a.app(envs).Labels}}
	p.Ports = []linkspan.PolicyPorts{a.tcp(), {Protocol: linkspan.ProtocolICMP, First: 8, Last: 8}}
}

// group lets what a group has, or a network where there are no groups, ask for
// figures.
func (a *author) group(p *linkspan.Policy) {
	from := linkspan.Selector{Network: a.networkName()}
	if len(a.Groups) > 0 {
		from = linkspan.Selector{Group: a.Groups[a.random.IntN(len(a.Groups))].Name}
	}
	p.Action, p.From, p.To = linkspan.PolicyAllow, []linkspan.Selector{from}, []linkspan.Selector{a.app(a.random.IntN(envs))}
	p.Ports = []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolTCP, First: 9100, Last: 9107}}
}

// outside keeps somebody out who is in no network (RFC 5737).
func (a *author) outside(p *linkspan.Policy) {
	out := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(a.random.IntN(256))}), 32)
	p.Action, p.From, p.To = linkspan.PolicyReject, []linkspan.Selector{{CIDR: out}}, []linkspan.Selector{a.app(envs)}
}

// address keeps an application away from one address.
func (a *author) address(p *linkspan.Policy) {
	p.Action, p.From = linkspan.PolicyDeny, []linkspan.Selector{a.app(a.random.IntN(envs))}
	p.To = []linkspan.Selector{{CIDR: netip.PrefixFrom(a.endpoint().Address, 32)}}
}
