// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"maps"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan/nos/tree"
)

// port is a port of the bridge, as far as flows are about it.
type port struct {
	name     string
	of       []uint32 // one; of a bond those of its members
	access   bool
	untagged uint16 // the VLAN of frames without a tag; 0 where they do not pass
	tagged   []span // the VLANs of frames with a tag; nil for all
	acl      string
	limits   [len(kinds)]uint32 // frames per second; 0 for none
	rate     uint32             // 1000 bits per second; 0 for no limit
	most     uint32             // 1000 bits at once; 0 for those of a second
	slot     uint32             // of its meters, where it has limits
}

// ports returns what is configured, is up, and is in the bridge, and the ports of services there.
func ports(t *tree.Tree, f Facts) []port {
	var list []port
	for n := range t.Root().Child("ports").Entries() {
		of := f.of(devices(n)...)
		if len(of) == 0 || n.Get("enabled") == "false" {
			continue
		}
		list = append(list, newPort(n, of))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Access)) {
		if of := f.of(name); len(of) > 0 {
			list = append(list, port{name: name, of: of, access: true, untagged: f.Access[name]})
		}
	}
	return list
}

func newPort(n tree.Node, of []uint32) port {
	p := port{name: n.Key()[0], of: of, acl: n.Get("acl-in")}
	switch n.Get("mode") {
	case "access":
		p.access, p.untagged = true, vlan(n.Get("vlan"))
	case "native-untagged", "native-tagged":
		p.untagged = vlan(n.Get("native-vlan"))
	}
	if set := n.Get("allowed-vlans"); set != "" {
		p.tagged = spans(set)
	}
	for k, leaf := range kinds {
		p.limits[k] = uint32(number(n.Child("storm-control").Get(leaf)))
	}
	p.rate, p.most = thousands(n.Child("qos"), "input-rate"), thousands(n.Child("qos"), "input-burst")
	if p.most == p.rate {
		p.most = 0
	}
	return p
}

// vlan reads an id; where none is said it is 1.
func vlan(id string) uint16 {
	if id == "" {
		return 1
	}
	return uint16(number(id))
}

// number reads what the schema has checked.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64) // 0 of nothing
	return n
}

func (p *port) path(more ...string) []string {
	return append([]string{"ports", p.name}, more...)
}
