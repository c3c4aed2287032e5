// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"strings"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan/ovs"
)

// uuid returns the id of a row.
func uuid(r ovsdb.Row) string { return ovs.Text(r["_uuid"]) }

// named writes a reference as the name of its row, if that is known.
func named(text string, names map[string]id) string {
	if key, ok := names[text]; ok {
		return key.name
	}
	return text
}

// atoms returns a column's value as a cell, in any order.
func atoms(k kind, value any, names map[string]id) []string {
	var all []string
	if k == pairs || k == numbered {
		for key, v := range ovs.Pairs(value) {
			if k == numbered {
				v = named(v, names)
			}
			all = append(all, key+"="+v)
		}
		return all
	}
	all = ovs.Texts(value)
	for i := range all {
		if k == links {
			all[i] = named(all[i], names)
		}
	}
	if len(all) == 1 && all[0] == zero(k) {
		return nil
	}
	return all
}

// zero returns what a column that must have a value has when nothing is set.
func zero(k kind) string {
	switch k {
	case flag:
		return "false"
	case count:
		return "0"
	}
	return ""
}

// wire returns a cell as the database takes it; reference returns that to a row.
func wire(c column, cell []string, reference func(id) ovsdb.UUID) any {
	switch c.kind {
	case word:
		return strings.Join(cell, "")
	case flag:
		return len(cell) == 1
	case count:
		if len(cell) == 0 {
			return 0
		}
		return int(number(cell[0]))
	case pairs, numbered:
		m := ovsdb.OvsMap{GoMap: map[any]any{}}
		for _, pair := range cell {
			key, value, _ := strings.Cut(pair, "=")
			if c.kind == pairs {
				m.GoMap[key] = value
			} else {
				m.GoMap[int(number(key))] = reference(id{c.to, value})
			}
		}
		return m
	}
	s := ovsdb.OvsSet{GoSet: []any{}}
	for _, a := range cell {
		switch c.kind {
		case numbers:
			s.GoSet = append(s.GoSet, int(number(a)))
		case links:
			s.GoSet = append(s.GoSet, reference(id{c.to, a}))
		default:
			s.GoSet = append(s.GoSet, a)
		}
	}
	return s
}
