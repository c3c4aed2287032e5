// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// The marks in external_ids of rows of tables without a name.
const (
	owner      = "linkspan"
	ownerKey   = "owner"
	policyMark = "linkspan-policy"
	queueMark  = "linkspan-queue"
)

// nowhere is the VLAN of the bridge's own port, which the standard reserves (IEEE
// 802.1Q, table 9-2): so no frame comes to the host but through VLAN interfaces.
const nowhere = "4095"

// wanted returns the rows that a configuration wants in a scope, and what of them
// cannot be. The bridge's address is left out: see [rows.address].
func (c *Config) wanted(t *tree.Tree, s scope) (rows, tree.Problems) {
	w := wanting{Config: c, rows: rows{}}
	root := t.Root()
	if !Needed(t) {
		return w.rows, nil
	}
	if !s.all {
		for name := range s.ports {
			w.named(root, name)
		}
		return w.rows.arranged(), w.problems
	}
	w.bridge(root)
	for p := range root.Child("ports").Entries() {
		w.port(p)
	}
	for v := range root.Child("vlans").Entries() {
		w.vlan(v)
	}
	for m := range root.Child("mirrors").Entries() {
		w.mirror(m)
	}
	for q := range root.Child("qos").Entries() {
		w.qos(q)
	}
	w.export(root.Child("flow-export"))
	return w.rows.arranged(), w.problems
}

// wanting is the translation of one configuration.
type wanting struct {
	*Config
	rows     rows
	problems tree.Problems
}

// add adds rows; one that is there already belongs to something else of that name.
func (w *wanting) add(more ...*row) {
	for _, r := range more {
		if other := w.rows[r.id]; other != nil {
			w.wrong(r.path, "its name is taken by "+tree.Join(other.path))
			continue
		}
		w.rows.add(r)
	}
}

func (w *wanting) wrong(path []string, message string) {
	w.problems = append(w.problems, &tree.Problem{Path: path, Word: len(path) - 1, Message: message})
}

// named adds what there is of a name: a port, a VLAN's interface, or nothing.
func (w *wanting) named(root tree.Node, name string) {
	w.port(root.Child("ports").Entry(name))
	if id, ok := vlanOf(name); ok {
		w.vlan(root.Child("vlans").Entry(id))
	}
}

// vlanOf returns the VLAN that a device is the interface of.
func vlanOf(name string) (string, bool) {
	if len(name) < 5 || name[:4] != "vlan" {
		return "", false
	}
	n, err := strconv.Atoi(name[4:])
	return name[4:], err == nil && Interface(strconv.Itoa(n)) == name
}

func (w *wanting) bridge(root tree.Node) {
	r := newRow(tableBridge, Name)
	r.set("datapath_type", w.Datapath)
	r.set("fail_mode", "secure")
	r.set("protocols", "OpenFlow13")
	sw, st := root.Child("switching"), root.Child("spanning-tree")
	r.flag("mcast_snooping_enable", sw.Get("multicast-snooping"))
	r.flag("rstp_enable", st.Get("enabled"))
	r.pair("other_config", "disable-in-band", "true")
	r.pair("other_config", "controller-queue-size", "512")
	r.pair("other_config", "mac-aging-time", seconds(sw, "mac-aging"))
	r.pair("other_config", "mac-table-size", sw.Get("mac-limit"))
	r.pair("other_config", "rstp-priority", st.Get("priority"))
	r.pair("other_config", "rstp-max-age", seconds(st, "max-age"))
	r.pair("other_config", "rstp-forward-delay", seconds(st, "forward-delay"))
	r.pair("other_config", "rstp-transmit-hold-count", st.Get("transmit-hold"))
	own := newRow(tablePort, Name)
	own.set("interfaces", Name)
	own.set("vlan_mode", "access")
	own.set("tag", nowhere)
	device := newRow(tableInterface, Name)
	device.set("type", "internal")
	w.add(r, own, device)
}

// vlan adds the interface that routes in a VLAN, if it has one.
func (w *wanting) vlan(v tree.Node) {
	i := v.Child("interface")
	if !i.Child("address").There() {
		return
	}
	vlan := v.Key()[0]
	path := []string{"vlans", vlan, "interface"}
	r := newRow(tablePort, Interface(vlan), path...)
	r.set("interfaces", r.name)
	r.set("vlan_mode", "access")
	r.set("tag", vlan)
	device := newRow(tableInterface, r.name, path...)
	device.set("type", "internal")
	device.set("mtu_request", i.Get("mtu"))
	w.add(r, device)
}

func (w *wanting) mirror(m tree.Node) {
	name := m.Key()[0]
	r := newRow(tableMirror, name, "mirrors", name)
	from, to := m.Child("from-port").Values(), m.Child("to-port").Values()
	r.set("select_src_port", from...)
	r.set("select_dst_port", to...)
	if len(from)+len(to) == 0 { // of the VLANs, on all ports
		r.set("select_all", "true")
	}
	r.set("select_vlan", vlans(m.Child("vlans").Value())...)
	r.set("output_port", m.Get("output-port"))
	r.set("output_vlan", m.Get("output-vlan"))
	r.set("snaplen", m.Get("truncate"))
	if len(r.cells["output_port"])+len(r.cells["output_vlan"]) == 0 {
		w.wrong(r.path, "it has neither an output-port nor an output-vlan")
		return
	}
	w.add(r)
	w.rows[id{tableBridge, Name}].set("mirrors", name)
}

func (w *wanting) qos(q tree.Node) {
	name := q.Key()[0]
	r := newRow(tableQoS, name, "qos", name)
	r.set("type", "linux-htb")
	r.pair("other_config", "max-rate", rate(q, "rate"))
	for queue := range q.Child("queues").Entries() {
		n := queue.Key()[0]
		of := newRow(tableQueue, name+"/"+n, "qos", name, "queues", n)
		of.pair("other_config", "min-rate", rate(queue, "guaranteed"))
		of.pair("other_config", "max-rate", rate(queue, "limit"))
		of.pair("other_config", "burst", rate(queue, "burst"))
		of.pair("other_config", "priority", queue.Get("priority"))
		r.pair("queues", n, of.name)
		w.add(of)
	}
	w.add(r)
}

func (w *wanting) export(e tree.Node) {
	for _, x := range []struct{ table, name, column string }{
		{tableSFlow, "sflow", "sflow"}, {tableNetFlow, "netflow", "netflow"}, {tableIPFIX, "ipfix", "ipfix"},
	} {
		n := e.Child(x.name)
		if n.Child("collectors").Len() == 0 {
			continue
		}
		r := newRow(x.table, Name, "flow-export", x.name)
		for c := range n.Child("collectors").Entries() {
			r.set("targets", net.JoinHostPort(c.Key()[0], c.Get("port")))
		}
		r.exported(n)
		w.add(r)
		w.rows[id{tableBridge, Name}].set(x.column, r.name)
	}
}

// exported sets the columns of a table of exports by what their leaves say.
func (r *row) exported(n tree.Node) {
	at := slices.IndexFunc(tables(), func(t table) bool { return t.name == r.table })
	for _, c := range tables()[at].columns[1:] {
		def, ok := n.Def().Child(c.leaf[0])
		if ok && def.Type.Name == "duration" {
			r.set(c.name, seconds(n, def.Name))
		} else if ok {
			r.set(c.name, n.Get(def.Name))
		}
		if c.kind == count && slices.Equal(r.cells[c.name], []string{"0"}) {
			delete(r.cells, c.name)
		}
	}
}

// seconds returns a leaf that is a duration in seconds, "" of none.
func seconds(n tree.Node, leaf string) string { return scaled(n, leaf, int64(time.Second)) }

// rate returns a leaf that is a rate in bits per second, "" of none.
func rate(n tree.Node, leaf string) string { return scaled(n, leaf, 1) }

// scaled returns a leaf in units of its base unit, "" of none.
func scaled(n tree.Node, leaf string, unit int64) string {
	value := n.Get(leaf)
	if value == "" {
		return ""
	}
	def, _ := n.Def().Child(leaf)
	return strconv.FormatInt(def.Type.Number(value)/unit, 10)
}

// vlans returns the ids of a set as texts.
func vlans(set string) []string {
	var texts []string
	for _, id := range schema.VLANs(set) {
		texts = append(texts, strconv.Itoa(int(id)))
	}
	return texts
}
