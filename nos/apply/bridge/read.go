// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan/ovs"
)

// found is what of a scope there is.
type found struct {
	rows    rows
	uuids   map[id]string
	members map[string]bool   // ids of the bridge's rows of Port
	foreign map[string]string // ports and interfaces that somebody else has, and who
	faults  map[string]string // what ovs-vswitchd says is wrong with an interface
	address string            // of the bridge
	root    string            // id of the row of the whole database
	control int               // rows of Controller, of which there should be none
}

// names are what is looked for where it is not all.
type names struct{ ports, interfaces map[string]bool }

// namesOf returns the names that a scope and what is wanted in it are about.
func namesOf(s scope, want rows) names {
	n := names{s.ports, map[string]bool{}}
	for r := range want {
		if r.table == tableInterface {
			n.interfaces[r.name] = true
		}
	}
	return n
}

// query is the reading of one scope.
type query struct {
	ovs.Rows
	found
	scope  scope
	raw    map[string][]ovsdb.Row // by table
	byUUID map[string]id
	others map[string]bool // ids of interfaces of patch ports and of services, which others keep
}

// read reads a scope.
func read(ctx context.Context, db ovs.Rows, s scope, n names) (*found, error) {
	q := query{Rows: db, scope: s, raw: map[string][]ovsdb.Row{}, byUUID: map[string]id{}, others: map[string]bool{}}
	q.found = found{rows: rows{}, uuids: map[id]string{}, members: map[string]bool{}, foreign: map[string]string{}, faults: map[string]string{}}
	if err := q.ask(ctx, q.questions(n)); err != nil {
		return nil, fmt.Errorf("read the Open vSwitch database: %w", err)
	}
	if err := q.askAgain(ctx); err != nil {
		return nil, fmt.Errorf("read the Open vSwitch database: %w", err)
	}
	q.name()
	for _, t := range tables() {
		for _, r := range q.raw[t.name] {
			q.row(t, r)
		}
	}
	q.rows.arranged()
	return &q.found, nil
}

func (q *query) ask(ctx context.Context, questions []ovsdb.Operation) error {
	if len(questions) == 0 {
		return nil
	}
	answers, err := q.Select(ctx, questions...)
	if err != nil {
		return err
	}
	for i, rows := range answers {
		t := questions[i].Table
		q.raw[t] = append(q.raw[t], rows...)
	}
	return nil
}

// askAgain asks what the first answers leave open where not all is read: for
// interfaces of ports that were not asked for by name, and which ports are the bridge's.
// (Its list of ports may be long, and is not read for that.)
func (q *query) askAgain(ctx context.Context) error {
	if q.scope.all || len(q.raw[tablePort]) == 0 {
		return nil
	}
	var member []ovsdb.Operation
	for _, p := range q.raw[tablePort] {
		of := ovsdb.NewCondition("ports", ovsdb.ConditionIncludes, ovsdb.UUID{GoUUID: uuid(p)})
		member = append(member, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: tableBridge, Where: []ovsdb.Condition{is("name", Name), of}, Columns: []string{"_uuid"}})
	}
	answers, err := q.Select(ctx, member...)
	if err != nil {
		return err
	}
	for i, p := range q.raw[tablePort] {
		q.members[uuid(p)] = len(answers[i]) > 0
	}
	return q.ask(ctx, q.missing())
}

// choose selects rows of a table.
func (q *query) choose(t table, where ...ovsdb.Condition) ovsdb.Operation {
	columns := []string{"_uuid"}
	if t.named {
		columns = append(columns, "name")
	}
	switch t.name {
	case tableBridge:
		if q.scope.all {
			columns = append(columns, "ports")
		}
		columns = append(columns, "controller")
	case tableInterface:
		columns = append(columns, "error")
	case tableQoS, tableQueue:
		columns = append(columns, "external_ids")
	}
	for _, c := range t.columns {
		columns = append(columns, c.name)
	}
	return ovsdb.Operation{Op: ovsdb.OperationSelect, Table: t.name, Where: where, Columns: columns}
}

func is(column string, value any) ovsdb.Condition {
	return ovsdb.NewCondition(column, ovsdb.ConditionEqual, value)
}

// questions returns what is read first.
func (q *query) questions(n names) []ovsdb.Operation {
	ops := []ovsdb.Operation{{Op: ovsdb.OperationSelect, Table: tableRoot, Columns: []string{"_uuid"}}}
	for _, t := range tables() {
		switch {
		case t.name == tableBridge:
			ops = append(ops, q.choose(t, is("name", Name)))
		case q.scope.all:
			ops = append(ops, q.choose(t))
		case t.name == tablePort:
			for name := range n.ports {
				ops = append(ops, q.choose(t, is("name", name)))
			}
		case t.name == tableInterface:
			for name := range n.interfaces {
				ops = append(ops, q.choose(t, is("name", name)))
			}
		case t.name == tableQoS:
			ops = append(ops, q.choose(t))
		}
	}
	return ops
}

// missing returns the interfaces of ports that are read and that were not asked for by name.
func (q *query) missing() []ovsdb.Operation {
	known := map[string]bool{}
	for _, r := range q.raw[tableInterface] {
		known[uuid(r)] = true
	}
	var ops []ovsdb.Operation
	for _, t := range tables() {
		for _, p := range q.raw[tablePort] {
			for _, u := range ovs.Texts(p["interfaces"]) {
				if t.name == tableInterface && !known[u] {
					known[u] = true
					ops = append(ops, q.choose(t, is("_uuid", ovsdb.UUID{GoUUID: u})))
				}
			}
		}
	}
	return ops
}

// name learns the names of the rows, and which of them are the bridge's.
func (q *query) name() {
	for _, r := range q.raw[tableRoot] {
		q.root = uuid(r)
	}
	for _, t := range tables() {
		for _, r := range q.raw[t.name] {
			q.byUUID[uuid(r)] = id{t.name, nameOf(t, r)}
		}
	}
	for _, b := range q.raw[tableBridge] {
		for _, u := range ovs.Texts(b["ports"]) {
			q.members[u] = true
		}
		q.control = len(ovs.Texts(b["controller"]))
	}
	kept := map[string]bool{} // interfaces of the bridge
	patch := map[string]bool{}
	for _, r := range q.raw[tableInterface] {
		name, _ := r["name"].(string)
		patch[uuid(r)] = r["type"] == "patch" || strings.HasPrefix(name, ovs.ServicePrefix)
	}
	for _, p := range q.raw[tablePort] {
		for _, u := range ovs.Texts(p["interfaces"]) {
			kept[u] = kept[u] || q.members[uuid(p)]
			q.others[uuid(p)] = q.others[uuid(p)] || patch[u]
		}
	}
	for _, r := range q.raw[tableInterface] {
		if u := uuid(r); !kept[u] || patch[u] {
			q.others[u] = true
		}
	}
}

// nameOf returns what a row is called here.
func nameOf(t table, r ovsdb.Row) string {
	switch t.name {
	case tableQoS:
		return or(ovs.Pairs(r["external_ids"])[policyMark], uuid(r))
	case tableQueue:
		return or(ovs.Pairs(r["external_ids"])[queueMark], uuid(r))
	case tableSFlow, tableNetFlow, tableIPFIX:
		return Name
	}
	name, _ := r["name"].(string)
	return name
}

// row takes a row that is of the configuration, and notes one that is in its way.
func (q *query) row(t table, raw ovsdb.Row) {
	u := uuid(raw)
	key := q.byUUID[u]
	if !q.mine(key, u) {
		return
	}
	q.uuids[key] = u
	switch t.name {
	case tableBridge:
		q.address = ovs.Pairs(raw["other_config"])["hwaddr"]
	case tableInterface:
		if fault := ovs.Text(raw["error"]); fault != "" {
			q.faults[key.name] = fault
		}
	}
	if !q.scope.all && t.name != tablePort && t.name != tableInterface {
		return // read for what refers to it
	}
	r := newRow(t.name, key.name, pathOf(key)...)
	for _, c := range t.columns {
		if cell := atoms(c.kind, raw[c.name], q.byUUID); len(cell) > 0 {
			r.cells[c.name] = cell
		}
	}
	q.rows.add(r)
}

// mine says whether a row is of the bridge and of the configuration.
func (q *query) mine(key id, u string) bool {
	switch key.table {
	case tablePort:
		if q.members[u] && !q.others[u] {
			return true
		}
		q.foreign[key.name] = "another bridge has it"
		if q.members[u] {
			q.foreign[key.name] = "it joins the bridge to another one, or to a service"
		}
		return false
	case tableInterface:
		if q.others[u] {
			q.foreign[key.name] = or(q.foreign[key.name], "another bridge has it")
		}
		return !q.others[u]
	case tableQoS, tableQueue:
		return key.name != u
	case tableMirror, tableSFlow, tableNetFlow, tableIPFIX:
		return q.bridges(key.table, u)
	}
	return true
}

// bridges says whether the bridge has a row of a table.
func (q *query) bridges(table, u string) bool {
	for _, c := range bridgeColumns() {
		for _, b := range q.raw[tableBridge] {
			if c.to == table && slices.Contains(ovs.Texts(b[c.name]), u) {
				return true
			}
		}
	}
	return false
}

// pathOf returns where a row would be in the configuration.
func pathOf(key id) []string {
	switch key.table {
	case tablePort, tableInterface:
		if vlan, ok := vlanOf(key.name); ok {
			return []string{"vlans", vlan, "interface"}
		}
		return []string{"ports", key.name}
	case tableMirror:
		return []string{"mirrors", key.name}
	case tableQoS, tableQueue:
		return []string{"qos", key.name}
	case tableSFlow:
		return []string{"flow-export", "sflow"}
	case tableNetFlow:
		return []string{"flow-export", "netflow"}
	case tableIPFIX:
		return []string{"flow-export", "ipfix"}
	}
	return nil
}
