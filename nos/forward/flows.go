// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"strconv"
	"time"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Flows returns all flows and meters of br-switch that follow from a configuration, in the order of the tables' work. It is
// pure: of the same it makes the same. Interfaces that the bridge does not have
// yet have no flows.
func Flows(t *tree.Tree, f Facts) Set {
	b := &builder{facts: f, ports: ports(t, f)}
	slots(b.ports)
	b.guard()
	b.vlanInterfaces(t)
	b.storm()
	b.acls(t)
	b.unknown(t)
	b.traditional()
	return b.set
}

// vlanInterfaces lets in what the switch itself sends into its VLANs.
func (b *builder) vlanInterfaces(t *tree.Tree) {
	for v := range t.Root().Child("vlans").Entries() {
		id := v.Key()[0]
		of, ok := b.facts.Ports[VLANInterface(id)]
		if !ok || !routed(v) {
			continue
		}
		var m openflow.Match
		m.InPort(of).UintMasked(openflow.FieldVLANVID, 0, 0x0fff)
		acts := openflow.Actions(nil).SetUint(openflow.Reg(regVLAN), number(id))
		b.flow(TableGuard, guardUntagged, &m, openflow.Instructions(nil).Apply(acts).GotoTable(TableStorm), "vlans", id, "interface")
	}
}

// switching returns how long a station is known, in seconds, and how many are.
func switching(t *tree.Tree) (age uint16, limit uint32) {
	value := func(name string) string {
		v, _ := t.Get("switching", name) // in the schema, with a default
		return v
	}
	d, _ := time.ParseDuration(value("mac-aging"))
	n, _ := strconv.ParseUint(value("mac-limit"), 10, 32)
	return uint16(d / time.Second), uint32(n)
}
