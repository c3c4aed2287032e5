// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"strconv"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// Texts returns what is in a column as texts, of a set each value, in no order; a
// reference is the id of its row. One value alone is not written as a set (RFC 7047,
// section 5.1), so that both are read alike.
func Texts(value any) []string {
	set, ok := value.(ovsdb.OvsSet)
	if !ok {
		if value == nil {
			return nil
		}
		return []string{text(value)}
	}
	all := make([]string, len(set.GoSet))
	for i, v := range set.GoSet {
		all[i] = text(v)
	}
	return all
}

// Text returns the one value in a column, "" if there is none.
func Text(value any) string {
	if all := Texts(value); len(all) == 1 {
		return all[0]
	}
	return ""
}

// Pairs returns what is in a column that is a map, as texts.
func Pairs(value any) map[string]string {
	m, ok := value.(ovsdb.OvsMap)
	if !ok {
		return nil
	}
	all := make(map[string]string, len(m.GoMap))
	for k, v := range m.GoMap {
		all[text(k)] = text(v)
	}
	return all
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case ovsdb.UUID:
		return v.GoUUID
	}
	return ""
}
