// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"hash/fnv"
	"slices"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Priorities in the table of defaults.
const (
	defaultNeighbours = 20
	defaultAll        = 10
)

// aclNumber is an access list's number in the register: of its name alone, so that the flows
// of one list do not change because another comes. That two of them had one is found
// by [Collision].
func aclNumber(name string) uint32 { return hash(name) | 1<<31 }

func hash(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()
}

// Collision returns two access lists that this package cannot tell apart, or
// nothing: one in some thousand million pairs of names.
func Collision(t *tree.Tree) (one, other string, ok bool) {
	names := make(map[uint32]string)
	for n := range t.Root().Child("acls").Entries() {
		name := n.Key()[0]
		if one, ok = names[aclNumber(name)]; ok {
			return one, name, true
		}
		names[aclNumber(name)] = name
	}
	return "", "", false
}

// acls adds the rules of those lists that ports have. Lists are for IPv4 and IPv6: other frames
// (ARP among them) pass, and so do neighbour discovery's questions and answers unless a rule says
// otherwise, without which a list for IPv6 would cut its stations off (RFC 4861).
func (b *builder) acls(t *tree.Tree) {
	used := make(map[string]bool)
	for i := range b.ports {
		used[b.ports[i].acl] = true
	}
	for n := range t.Root().Child("acls").Entries() {
		if used[n.Key()[0]] {
			b.acl(n)
		}
	}
	b.to(TableACL, 0, new(openflow.Match), TableACLDefault)
	b.to(TableACLDefault, 0, new(openflow.Match), TableLearn)
}

func (b *builder) acl(n tree.Node) {
	name := n.Key()[0]
	id := aclNumber(name)
	for r := range n.Child("rules").Entries() {
		path := []string{"acls", name, "rules", r.Key()[0]}
		// The lowest number first, and none at 0, where what no rule matches goes on.
		priority := uint16(1<<16 - number(r.Key()[0]))
		for _, m := range newRule(r).matches(id) {
			b.verdict(TableACL, priority, &m, r.Get("action"), path...)
		}
	}
	path := []string{"acls", name, "default"}
	verdict := n.Get("default")
	for _, family := range families {
		var m openflow.Match
		b.verdict(TableACLDefault, defaultAll, m.Reg(regACL, id).EthType(family), verdict, path...)
	}
	for _, kind := range []uint8{neighbourSolicitation, neighbourAdvertisement} {
		var m openflow.Match
		m.Reg(regACL, id).EthType(typeIPv6).IPProto(protoICMPv6).ICMPv6Type(kind)
		b.to(TableACLDefault, defaultNeighbours, &m, TableLearn, path...)
	}
}

func (b *builder) verdict(table uint8, priority uint16, m *openflow.Match, verdict string, path ...string) {
	if verdict == "permit" {
		b.to(table, priority, m, TableLearn, path...)
		return
	}
	b.drop(table, priority, m, path...)
}

// ACLPorts returns the ports that have an access list, by its name.
func ACLPorts(t *tree.Tree) map[string][]string {
	has := make(map[string][]string)
	for n := range t.Root().Child("ports").Entries() {
		if acl := n.Get("acl-in"); acl != "" {
			has[acl] = append(has[acl], n.Key()[0])
		}
	}
	for _, list := range has {
		slices.Sort(list)
	}
	return has
}
