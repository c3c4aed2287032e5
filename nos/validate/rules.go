// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// report tells of one problem.
type report = func(path []string, expected, format string, values ...any)

func paths(texts ...string) [][]string {
	all := make([][]string, len(texts))
	for i, t := range texts {
		all[i] = strings.Fields(t)
	}
	return all
}

// deviceUse: a device is a port, a member of a bond, or has addresses of its own.
func deviceUse(root tree.Node, fail report) {
	ports, interfaces := root.Child("ports"), root.Child("interfaces")
	for p := range ports.Entries() {
		name := p.Key()[0]
		path := []string{"ports", name}
		if interfaces.Entry(name).There() {
			fail(path, "", "it is also under interfaces: a port of the bridge has no addresses of its own")
		}
		for _, m := range p.Child("bond").Child("member").Values() {
			path := []string{"ports", name, "bond", "member", m}
			switch {
			case m == name:
				fail(path, "", "a bond has another name than its members")
			case ports.Entry(m).There():
				fail(path, "", "it is a port of its own")
			case interfaces.Entry(m).There():
				fail(path, "", "it is also under interfaces: a member of a bond has no addresses of its own")
			}
		}
		if primary := p.Child("bond").Child("primary").Value(); primary != "" && !slices.Contains(p.Child("bond").Child("member").Values(), primary) {
			fail([]string{"ports", name, "bond", "primary", primary}, "", "it is no member of the bond")
		}
	}
}

// located is a prefix and what has an address in it.
type located struct {
	prefix netip.Prefix
	device string
	path   []string
}

// addressesApart: what is reached through two devices is reached through neither
// for sure.
func addressesApart(root tree.Node, fail report) {
	var all []located
	add := func(device string, n tree.Node, path ...string) {
		for _, v := range n.Values() {
			p, err := netip.ParsePrefix(v)
			if err == nil && !p.Addr().IsLinkLocalUnicast() {
				all = append(all, located{p.Masked(), device, append(path, v)})
			}
		}
	}
	for i := range root.Child("interfaces").Entries() {
		add(i.Key()[0], i.Child("address"), "interfaces", i.Key()[0], "address")
	}
	for v := range root.Child("vlans").Entries() {
		add("vlan "+v.Key()[0], v.Child("interface").Child("address"), "vlans", v.Key()[0], "interface", "address")
	}
	management := root.Child("system").Child("management")
	add(management.Get("interface"), management.Child("address"), "system", "management", "address")
	slices.SortStableFunc(all, func(a, b located) int { return a.prefix.Compare(b.prefix) })
	var open []located // those that the next one may be in, each in the one before
	for _, l := range all {
		for len(open) > 0 && !open[len(open)-1].prefix.Overlaps(l.prefix) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 && open[len(open)-1].device != l.device {
			fail(l.path, "", "its prefix overlaps with that of %s", tree.Join(open[len(open)-1].path))
		}
		open = append(open, l)
	}
}

func gatewayIsNear(root tree.Node, fail report) {
	management := root.Child("system").Child("management")
	for _, g := range management.Child("gateway").Values() {
		a, err := netip.ParseAddr(g)
		near := err == nil && slices.ContainsFunc(management.Child("address").Values(), func(v string) bool {
			p, err := netip.ParsePrefix(v)
			return err == nil && p.Contains(a) && p.Addr() != a
		})
		if !near && !a.IsLinkLocalUnicast() {
			fail([]string{"system", "management", "gateway", g}, "an address in the prefix of an address for management", "it is not near")
		}
	}
}

func nativeIsAllowed(root tree.Node, fail report) {
	for p := range root.Child("ports").Entries() {
		native, allowed := p.Child("native-vlan").Value(), p.Child("allowed-vlans").Value()
		if native == "" || allowed == "" {
			continue
		}
		id, err := strconv.ParseUint(native, 10, 16)
		if err == nil && !slices.Contains(schema.VLANs(allowed), uint16(id)) {
			fail([]string{"ports", p.Key()[0], "native-vlan"}, "one of the allowed VLANs "+allowed, "%s is not allowed on the port", native)
		}
	}
}

func mirrorOutput(root tree.Node, fail report) {
	for m := range root.Child("mirrors").Entries() {
		out := m.Child("output-port").Value()
		for _, name := range []string{"from-port", "to-port"} {
			if slices.Contains(m.Child(name).Values(), out) {
				fail([]string{"mirrors", m.Key()[0], name, out}, "", "copies would be copied again: it is the output port")
			}
		}
	}
}

// spanningTreeTimes: IEEE 802.1D-2004, section 17.14.
func spanningTreeTimes(root tree.Node, fail report) {
	n := root.Child("spanning-tree")
	age, err := time.ParseDuration(n.Get("max-age"))
	delay, err2 := time.ParseDuration(n.Get("forward-delay"))
	if most := 2 * (delay - time.Second); errors.Join(err, err2) == nil && age > most {
		fail([]string{"spanning-tree", "max-age"}, "at most 2 x (forward-delay - 1s), which is "+most.String(), "%s is too long", age)
	}
}

func nextHopFamily(root tree.Node, fail report) {
	for r := range root.Child("routes").Entries() {
		prefix, hop := r.Key()[0], r.Key()[1]
		if hop != "blackhole" && strings.Contains(prefix, ":") != strings.Contains(hop, ":") {
			fail([]string{"routes", prefix, hop}, "a router of the prefix's family", "IPv4 and IPv6 are mixed")
		}
	}
}

func aclFamilies(root tree.Node, fail report) {
	for l := range root.Child("acls").Entries() {
		for r := range l.Child("rules").Entries() {
			family := map[bool]bool{}
			for _, name := range []string{"source", "destination"} {
				if v := r.Child(name).Value(); v != "" {
					family[strings.Contains(v, ":")] = true
				}
			}
			switch r.Child("protocol").Value() {
			case "icmp":
				family[false] = true
			case "icmpv6":
				family[true] = true
			}
			if len(family) > 1 {
				fail([]string{"acls", l.Key()[0], "rules", r.Key()[0]}, "one family", "IPv4 and IPv6 are mixed: no packet matches")
			}
		}
	}
}

func queueRates(root tree.Node, fail report) {
	for q := range root.Child("qos").Entries() {
		var sum int64
		rate := bits(q.Child("rate").Value())
		for queue := range q.Child("queues").Entries() {
			path := []string{"qos", q.Key()[0], "queues", queue.Key()[0], "guaranteed"}
			guaranteed, limit := bits(queue.Child("guaranteed").Value()), bits(queue.Child("limit").Value())
			if limit > 0 && guaranteed > limit {
				fail(path, "at most the limit "+queue.Child("limit").Value(), "%s is too much", queue.Child("guaranteed").Value())
			}
			sum += guaranteed
		}
		if rate > 0 && sum > rate {
			fail([]string{"qos", q.Key()[0], "rate"}, "at least what is guaranteed to the queues together", "%s is too little", q.Child("rate").Value())
		}
	}
}

func foreignApart(root tree.Node, fail report) {
	owner := map[uint16]string{}
	for c := range root.Child("control").Child("foreign").Entries() {
		name := c.Key()[0]
		for _, id := range schema.VLANs(c.Child("vlans").Value()) {
			if other, ok := owner[id]; ok {
				fail([]string{"control", "foreign", name, "vlans"}, "VLANs that no other controller has", "VLAN %d is also of %s", id, other)
				break
			}
			owner[id] = name
		}
	}
}

// bits returns a rate in bits per second, 0 of none.
func bits(rate string) int64 { return (&schema.Type{Name: "rate"}).Number(rate) }
