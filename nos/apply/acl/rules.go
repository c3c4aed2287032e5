// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/nos/apply/link"
	"github.com/linkspan/linkspan/nos/tree"
)

// rules is what the table is to hold.
type rules struct {
	ports   []string          // devices of the bridge's ports, sorted
	routed  []string          // devices of VLANs' interfaces, sorted: not of the table, but of whoever lets them through
	in, out map[string]string // the list of a device, for what comes in by it or goes out by it
	lists   map[string]list
}

// list is an access list.
type list struct {
	rules  []rule // the first that matches decides
	permit bool   // what no rule matches
}

// rule is a rule of a list. What is zero matches anything.
type rule struct {
	permit              bool
	source, destination netip.Prefix
	protocol            string
	from, to            ports
}

// ports is a range of ports.
type ports struct{ first, last uint16 }

// concerns says whether two configurations may differ in the table. The old one may be nil.
func concerns(old, new *tree.Tree) bool {
	if old == nil {
		return true
	}
	a, b := old.Root(), new.Root()
	for _, name := range []string{"acls", "vlans", "ports"} {
		if !a.Child(name).Same(b.Child(name)) {
			return true
		}
	}
	return false
}

// of returns what the table is to hold; lists that nothing uses are left out.
func of(t *tree.Tree) rules {
	r := rules{in: map[string]string{}, out: map[string]string{}, lists: map[string]list{}}
	if t == nil {
		return r
	}
	root := t.Root()
	for port := range root.Child("ports").Entries() {
		r.ports = append(r.ports, devices(port)...)
	}
	slices.Sort(r.ports)
	for vlan := range root.Child("vlans").Entries() {
		device, at := link.VLANDevice(vlan.Key()[0]), vlan.Child("interface")
		if at.Child("address").There() {
			r.routed = append(r.routed, device)
		}
		r.use(root, r.in, device, at.Get("acl-in"))
		r.use(root, r.out, device, at.Get("acl-out"))
	}
	slices.Sort(r.routed)
	return r
}

// devices returns the devices of a port.
func devices(port tree.Node) []string {
	if members := port.Child("bond").Child("member").Values(); len(members) > 0 {
		return members
	}
	return port.Key()
}

func (r *rules) use(root tree.Node, on map[string]string, device, name string) {
	if name == "" {
		return
	}
	on[device] = name
	if _, known := r.lists[name]; !known {
		r.lists[name] = listOf(root.Child("acls").Entry(name))
	}
}

func listOf(n tree.Node) list {
	l := list{permit: n.Get("default") == "permit"}
	type numbered struct {
		number int
		rule
	}
	var all []numbered
	for e := range n.Child("rules").Entries() {
		number, _ := strconv.Atoi(e.Key()[0]) // the schema has seen to it
		all = append(all, numbered{number, ruleOf(e)})
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	for _, e := range all {
		l.rules = append(l.rules, e.rule)
	}
	return l
}

func ruleOf(n tree.Node) rule {
	r := rule{permit: n.Get("action") == "permit", protocol: n.Get("protocol"), from: portsOf(n.Get("source-port")), to: portsOf(n.Get("destination-port"))}
	r.source, _ = netip.ParsePrefix(n.Get("source")) // none is zero
	r.destination, _ = netip.ParsePrefix(n.Get("destination"))
	return r
}

func portsOf(text string) ports {
	low, high, two := strings.Cut(text, "-")
	if !two {
		high = low
	}
	first, _ := strconv.ParseUint(low, 10, 16) // none is zero
	last, _ := strconv.ParseUint(high, 10, 16)
	return ports{uint16(first), uint16(last)}
}

func (r rules) empty() bool { return len(r.ports)+len(r.in)+len(r.out) == 0 }

// String is what people read in the comment of a rule of nftables, and what it is told by
// from others.
func (r rule) String() string {
	text := verb(r.permit)
	if r.protocol != "" {
		text += " " + r.protocol
	}
	return text + " from " + side(r.source, r.from) + " to " + side(r.destination, r.to)
}

func side(p netip.Prefix, of ports) string {
	text := "any"
	if p.IsValid() {
		text = p.String()
	}
	switch {
	case of.last == 0:
	case of.first == of.last:
		text += fmt.Sprintf(" port %d", of.first)
	default:
		text += fmt.Sprintf(" ports %d-%d", of.first, of.last)
	}
	return text
}

func verb(permit bool) string {
	if permit {
		return "permit"
	}
	return "deny"
}

// texts returns what the comments in each chain are to be.
func (r rules) texts() map[string][]string {
	all := map[string][]string{}
	if r.empty() {
		return all
	}
	all[stackChain], all[inChain], all[outChain] = []string{shield}, []string{inText}, []string{outText}
	for name, l := range r.lists {
		chain := listPrefix + name
		for _, rule := range l.rules {
			all[chain] = append(all[chain], rule.String())
		}
		all[chain] = append(all[chain], "otherwise "+verb(l.permit))
	}
	return all
}

// differ says, for people, what makes one table of another.
func (r rules) differ(from rules) []string {
	var steps []string
	sides := []struct {
		was, is map[string]string
		what    string
	}{{from.in, r.in, "comes in"}, {from.out, r.out, "goes out"}}
	for _, s := range sides {
		for _, device := range slices.Sorted(maps.Keys(union(s.was, s.is))) {
			switch was, is := s.was[device], s.is[device]; {
			case was == is:
			case is == "":
				steps = append(steps, fmt.Sprintf("%s: no access list for what %s", device, s.what))
			default:
				steps = append(steps, fmt.Sprintf("%s: access list %s for what %s", device, is, s.what))
			}
		}
	}
	was, is := from.texts(), r.texts()
	for _, name := range slices.Sorted(maps.Keys(r.lists)) {
		if chain := listPrefix + name; !slices.Equal(was[chain], is[chain]) {
			steps = append(steps, fmt.Sprintf("access list %s: %d rules", name, len(r.lists[name].rules)))
		}
	}
	return steps
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (r rules) same(o rules) bool {
	return slices.Equal(r.ports, o.ports) && maps.Equal(r.in, o.in) && maps.Equal(r.out, o.out) &&
		maps.EqualFunc(r.texts(), o.texts(), slices.Equal[[]string])
}
