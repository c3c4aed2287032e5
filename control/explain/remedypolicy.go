// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// usualPriority is that of a policy where none has to be outdone.
const usualPriority = 100

// policyRemedy lets just these packets through, by a policy that is asked before the one
// that has decided.
func policyRemedy(v *view.View, q *Question, a *Answer) []Remedy {
	priority := usualPriority
	if a.Policy != nil {
		priority = int(a.Policy.Priority) + 1
	}
	from, fromText := selectorOf(v, q.From)
	to, toText := selectorOf(v, q.To)
	if priority > linkspan.MaxPriority {
		return nil
	}
	ports := q.Ports()
	p := linkspan.Policy{
		ID: freeID(v), Priority: uint16(priority), Action: linkspan.PolicyAllow,
		From: []linkspan.Selector{from}, To: []linkspan.Selector{to}, Ports: []linkspan.PolicyPorts{ports},
	}
	p.Name = freeName(short(q.From)+"-to-"+short(q.To), func(name string) bool {
		for o := range v.Policies() {
			if o.Name == name {
				return true
			}
		}
		return false
	})
	if p.Validate() != nil {
		return nil
	}
	return []Remedy{{
		Commands: []string{"linkspan policy apply -f -"},
		File: fmt.Sprintf("apiVersion: linkspan/v1\nkind: Policy\nmetadata: {name: %s}\nspec: {priority: %d, action: allow, ports: [%s],\n  from: [%s], to: [%s]}\n",
			p.Name, priority, ports, fromText, toText),
		Opens: "only " + ports.String() + ", and what is answered", changes: []view.Change{view.PutPolicy(&p)},
	}}
}

// freeID returns the number of no policy.
func freeID(v *view.View) linkspan.PolicyID {
	id := linkspan.MaxPolicyID
	for v.Policy(id) != nil {
		id--
	}
	return id
}

// freeName returns a name that is not taken, of characters that names may have.
func freeName(wish string, taken func(string) bool) string {
	const most = 48
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, wish)
	name = name[:min(len(name), most)]
	for i, free := 2, name; ; i++ {
		if !taken(free) {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, i)
	}
}

// short is what people call an end.
func short(e End) string {
	if e.Endpoint != nil && e.Endpoint.Container != "" {
		return e.Endpoint.Container
	}
	return e.Address.String()
}

// selectorOf selects an end and nobody else, and is written as in a file.
func selectorOf(v *view.View, e End) (linkspan.Selector, string) {
	host := netip.PrefixFrom(e.Address, e.Address.BitLen())
	switch {
	case e.Endpoint == nil:
		return linkspan.Selector{CIDR: host}, "{cidr: " + host.String() + "}"
	case e.Endpoint.Container == "" || v.Chassis(e.Endpoint.Chassis) == nil:
		name := networkName(v, e.Party)
		return linkspan.Selector{Network: name, CIDR: host}, fmt.Sprintf("{network: %s, cidr: %s}", name, host)
	}
	name := Name(v, e.Endpoint)
	return linkspan.Selector{Endpoint: name}, "{endpoint: " + name + "}" // with its slash it is no number
}
