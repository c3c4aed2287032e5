// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// writing makes the operations that bring what was found to what is wanted.
type writing struct {
	have   *found
	want   rows
	fresh  map[id]string // names of rows that are inserted
	ops    []ovsdb.Operation
	insert []ovsdb.UUID // rows of Port that come
	remove []ovsdb.UUID // rows of Port that go
}

// operations returns what makes the rows of a scope be as wanted; none if they are.
func operations(have *found, want rows) []ovsdb.Operation {
	w := writing{have: have, want: want, fresh: map[id]string{}}
	different := differences(want, have.rows)
	for _, d := range different {
		if d.have == nil {
			w.fresh[d.want.id] = fmt.Sprintf("row%d", len(w.fresh))
		}
	}
	written := map[id]bool{}
	for _, d := range different {
		switch {
		case d.have == nil:
			w.create(d.want)
		case d.want == nil:
			w.drop(d.have)
		case !written[d.want.id]:
			written[d.want.id] = true
			w.update(d.want, d.have)
		}
	}
	w.ports()
	return w.ops
}

// reference returns the reference to a row that is there or comes. A name that is
// neither is an id already: of something of somebody else's.
func (w *writing) reference(key id) ovsdb.UUID {
	if u, ok := w.have.uuids[key]; ok {
		return ovsdb.UUID{GoUUID: u}
	}
	if name, ok := w.fresh[key]; ok {
		return ovsdb.UUID{GoUUID: name}
	}
	return ovsdb.UUID{GoUUID: key.name}
}

func (w *writing) create(r *row) {
	values := ovsdb.Row{}
	if t := tableOf(r.table); t.named {
		values["name"] = r.name
	}
	for _, c := range tableOf(r.table).columns {
		if cell := r.cells[c.name]; len(cell) > 0 {
			values[c.name] = wire(c, cell, w.reference)
		}
	}
	if mark := marks(r.id); mark != nil {
		values["external_ids"] = ovsdb.OvsMap{GoMap: mark}
	}
	self := w.reference(r.id)
	switch r.table {
	case tableBridge: // with all its ports, as none was there
		values["ports"] = ovsdb.OvsSet{GoSet: w.allPorts()}
		w.change(tableRoot, w.have.root, mutation("bridges", ovsdb.MutateOperationInsert, self))
	case tablePort:
		w.insert = append(w.insert, self)
	}
	w.ops = append(w.ops, ovsdb.Operation{Op: ovsdb.OperationInsert, Table: r.table, Row: values, UUIDName: self.GoUUID})
}

// marks returns what tells rows of ours from those of others.
func marks(key id) map[any]any {
	switch key.table {
	case tableBridge:
		return map[any]any{ownerKey: owner}
	case tableQoS:
		return map[any]any{policyMark: key.name}
	case tableQueue:
		return map[any]any{queueMark: key.name}
	}
	return nil
}

func (w *writing) allPorts() []any {
	var all []any
	for _, r := range w.want.of(tablePort) {
		all = append(all, w.reference(r.id))
	}
	return all
}

// update writes the columns that differ and no others: a write of the fail mode
// may empty the flow tables.
func (w *writing) update(want, have *row) {
	values := ovsdb.Row{}
	for _, d := range apart(tableOf(want.table), want, have) {
		values[d.column.name] = wire(d.column, want.cells[d.column.name], w.reference)
	}
	w.write(want.id, values)
}

func (w *writing) write(key id, values ovsdb.Row) {
	w.ops = append(w.ops, ovsdb.Operation{
		Op: ovsdb.OperationUpdate, Table: key.table, Row: values, Where: []ovsdb.Condition{is("_uuid", w.reference(key))},
	})
}

// drop removes a row. Those of most tables go by themselves when nothing refers to
// them any more.
func (w *writing) drop(r *row) {
	self := w.reference(r.id)
	switch r.table {
	case tableBridge:
		w.change(tableRoot, w.have.root, mutation("bridges", ovsdb.MutateOperationDelete, self))
	case tablePort:
		w.remove = append(w.remove, self)
		if len(r.cells["qos"]) > 0 { // or its policy could not go in the same transaction
			w.write(r.id, ovsdb.Row{"qos": ovsdb.OvsSet{GoSet: []any{}}})
		}
	case tableQoS, tableQueue:
		w.ops = append(w.ops, ovsdb.Operation{Op: ovsdb.OperationDelete, Table: r.table, Where: []ovsdb.Condition{is("_uuid", self)}})
	}
}

// ports tells the bridge of ports that come and go, if it was there and stays.
func (w *writing) ports() {
	bridge := id{tableBridge, Name}
	there := w.have.uuids[bridge]
	if there == "" || w.have.rows[bridge] != nil && w.want[bridge] == nil {
		return
	}
	var all []ovsdb.Mutation
	if len(w.remove) > 0 {
		all = append(all, mutation("ports", ovsdb.MutateOperationDelete, w.remove...))
	}
	if len(w.insert) > 0 {
		all = append(all, mutation("ports", ovsdb.MutateOperationInsert, w.insert...))
	}
	if len(all) > 0 {
		w.change(tableBridge, there, all...)
	}
}

func (w *writing) change(table, uuid string, all ...ovsdb.Mutation) {
	w.ops = append(w.ops, ovsdb.Operation{
		Op: ovsdb.OperationMutate, Table: table, Mutations: all, Where: []ovsdb.Condition{is("_uuid", ovsdb.UUID{GoUUID: uuid})},
	})
}

func mutation(column string, how ovsdb.Mutator, references ...ovsdb.UUID) ovsdb.Mutation {
	s := ovsdb.OvsSet{GoSet: []any{}}
	for _, u := range references {
		s.GoSet = append(s.GoSet, u)
	}
	return *ovsdb.NewMutation(column, how, s)
}

func tableOf(name string) table {
	for _, t := range tables() {
		if t.name == name {
			return t
		}
	}
	return table{}
}
