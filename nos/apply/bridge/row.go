// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"maps"
	"slices"
)

// id names a row: by its table, and by its name there.
type id struct{ table, name string }

// row is one row of the database, in the columns that the configuration governs.
type row struct {
	id
	path  []string            // what it is for in the configuration
	cells map[string][]string // by column; one that is missing has its zero value
}

func newRow(table, name string, path ...string) *row {
	return &row{id: id{table, name}, path: path, cells: map[string][]string{}}
}

// set sets a cell; empty texts are left out.
func (r *row) set(column string, atoms ...string) {
	for _, a := range atoms {
		if a != "" {
			r.cells[column] = append(r.cells[column], a)
		}
	}
}

// flag sets a cell if a leaf is true.
func (r *row) flag(column, leaf string) {
	if leaf == "true" {
		r.set(column, leaf)
	}
}

// pair adds a pair to a map; one without a value is left out.
func (r *row) pair(column, key, value string) {
	if value != "" {
		r.set(column, key+"="+value)
	}
}

// rows are rows by their names.
type rows map[id]*row

func (all rows) add(more ...*row) {
	for _, r := range more {
		all[r.id] = r
	}
}

// arranged sorts the texts of all cells.
func (all rows) arranged() rows {
	for _, t := range tables() {
		for _, c := range t.columns {
			for _, r := range all {
				if r.table == t.name && len(r.cells[c.name]) > 1 {
					r.cells[c.name] = arrange(c.kind, r.cells[c.name])
				}
			}
		}
	}
	return all
}

// of returns the rows of a table by their names in order.
func (all rows) of(table string) []*row {
	var list []*row
	for _, r := range all {
		if r.table == table {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *row) int { return cmp.Compare(a.name, b.name) })
	return list
}

// difference is one thing that is not as wanted: a row too many, one too few, or a
// cell.
type difference struct {
	want, have *row   // nil: not there
	column     column // of a cell
}

// differences returns what differs, in the order of the tables and names.
func differences(want, have rows) []difference {
	var all []difference
	for _, t := range tables() {
		names := map[string]bool{}
		for _, side := range []rows{want, have} {
			for r := range side {
				if r.table == t.name {
					names[r.name] = true
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			all = append(all, apart(t, want[id{t.name, name}], have[id{t.name, name}])...)
		}
	}
	return all
}

// apart returns what differs between two rows of one name.
func apart(t table, want, have *row) []difference {
	if want == nil || have == nil {
		return []difference{{want: want, have: have}}
	}
	var all []difference
	for _, c := range t.columns {
		if !slices.Equal(want.cells[c.name], have.cells[c.name]) {
			all = append(all, difference{want, have, c})
		}
	}
	return all
}
