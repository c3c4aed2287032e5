// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"slices"
	"time"

	"github.com/linkspan/linkspan/nos/tree"
)

// firstVLAN is the VLAN of a port that says nothing of it.
const firstVLAN = "1"

// port adds a port and its devices, if it is there.
func (w *wanting) port(p tree.Node) {
	if !p.There() {
		return
	}
	name := p.Key()[0]
	r := newRow(tablePort, name, "ports", name)
	r.tagged(p)
	r.flag("protected", p.Get("isolated"))
	r.set("qos", p.Child("qos").Get("policy"))
	r.spanning(p.Child("spanning-tree"))
	members := p.Child("bond").Child("member").Values()
	if len(members) == 0 {
		members = []string{name}
	} else {
		r.bonded(p.Child("bond"))
	}
	if name == Name || slices.Contains(members, Name) {
		w.wrong(r.path, Name+" is the bridge itself")
		return
	}
	r.set("interfaces", members...)
	w.add(r)
	for _, m := range members {
		w.add(newRow(tableInterface, m, r.path...))
	}
}

// tagged says which VLANs frames of the port are in.
func (r *row) tagged(p tree.Node) {
	mode := p.Get("mode")
	r.set("vlan_mode", mode)
	switch mode {
	case "access":
		r.set("tag", or(p.Get("vlan"), firstVLAN))
	case "native-untagged", "native-tagged":
		r.set("tag", or(p.Get("native-vlan"), firstVLAN))
	}
	if mode != "access" {
		r.set("trunks", vlans(p.Child("allowed-vlans").Value())...)
	}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (r *row) spanning(st tree.Node) {
	if st.Get("enabled") == "false" {
		r.pair("other_config", "rstp-enable", "false")
	}
	r.pair("other_config", "rstp-path-cost", st.Get("cost"))
	if st.Child("priority").There() {
		r.pair("other_config", "rstp-port-priority", st.Get("priority"))
	}
	switch st.Get("edge") {
	case "yes":
		r.pair("other_config", "rstp-port-admin-edge", "true")
	case "no":
		r.pair("other_config", "rstp-port-auto-edge", "false")
	}
}

func (r *row) bonded(b tree.Node) {
	mode := b.Get("mode")
	r.set("bond_mode", mode)
	r.set("lacp", b.Get("lacp"))
	for leaf, column := range map[string]string{"up-delay": "bond_updelay", "down-delay": "bond_downdelay"} {
		if ms := scaled(b, leaf, int64(time.Millisecond)); ms != "0" {
			r.set(column, ms)
		}
	}
	r.pair("other_config", "bond-primary", b.Get("primary"))
	if b.Get("lacp") != "off" {
		r.pair("other_config", "lacp-time", b.Get("lacp-time"))
		r.pair("other_config", "lacp-fallback-ab", b.Get("lacp-fallback"))
	}
	if mode != "active-backup" {
		r.pair("other_config", "bond-rebalance-interval", scaled(b, "rebalance", int64(time.Millisecond)))
	}
}
