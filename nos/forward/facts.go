// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"github.com/linkspan/linkspan/nos/tree"
)

// Facts is what a configuration cannot say.
type Facts struct {
	// Ports has the OpenFlow port of each interface of br-switch, by its name:
	// devices, members of bonds, interfaces of VLANs, ends of patches.
	Ports map[string]uint32

	// Access has the VLAN of ports of the bridge that no configuration has: of services in
	// containers, whose frames are in one VLAN, without tags.
	Access map[string]uint16
}

// of returns the OpenFlow ports of those interfaces that the bridge has.
func (f Facts) of(names ...string) []uint32 {
	var list []uint32
	for _, name := range names {
		if n, ok := f.Ports[name]; ok {
			list = append(list, n)
		}
	}
	return list
}

// Interfaces returns the names of the interfaces that a configuration puts into
// br-switch: its ports, or the members of a bond, and the interfaces of VLANs.
func Interfaces(t *tree.Tree) []string {
	var names []string
	for p := range t.Root().Child("ports").Entries() {
		names = append(names, devices(p)...)
	}
	for v := range t.Root().Child("vlans").Entries() {
		if routed(v) {
			names = append(names, VLANInterface(v.Key()[0]))
		}
	}
	return names
}

// VLANInterface returns the name of the interface of a VLAN, by its id.
func VLANInterface(id string) string { return "vlan" + id }

func routed(vlan tree.Node) bool { return vlan.Child("interface").Child("address").There() }

func devices(p tree.Node) []string {
	if members := p.Child("bond").Child("member").Values(); len(members) > 0 {
		return members
	}
	return []string{p.Key()[0]}
}
